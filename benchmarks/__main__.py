"""`python -m benchmarks`: autodiff against torch's eager mode, interleaved, one thread, process CPU time, medians.

Values and gradients are compared before anything is timed: in float64 tightly, in float32 against float64. Exit code
1 if a check fails or a bar is missed (`--report` only prints). The harness's own rows are milliseconds a program.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402

from benchmarks.networks import NETWORKS  # noqa: E402
from benchmarks.programs import measure  # noqa: E402
from benchmarks.workloads import WORKLOADS, Workload, chain  # noqa: E402

BYTES_AT_MOST, BYTES_AIM = 300, 210
IMPORT_AT_MOST, IMPORT_AIM = 0.10, 0.06


def arrays(values: list[Any]) -> list[Any]:
    return [np.asarray(v.detach().numpy(), dtype=np.float64) for v in values]


def check(work: Workload, ours: Any, torch: Any) -> None:
    """Raise AssertionError if values or gradients differ: float64 tightly, float32 against float64."""
    exact = arrays(work.prepare(torch, "float64")())
    for a, b in zip(arrays(work.prepare(ours, "float64")()), exact):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11, err_msg=f"{work.name}, float64")
    for lib in (ours, torch):
        for a, b in zip(arrays(work.prepare(lib, "float32")()), exact):
            # A sum of 10^5 float32 terms is good to 10^-3; everything else to 10^-4 of its largest element.
            np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-4 * max(1.0, np.abs(b).max()), err_msg=work.name)


def timed(run: Any) -> float:
    # What importing torch left behind is taken out of the collector's sight: it would be walked on behalf of whoever
    # allocates Python objects, which is us alone, and nobody pays that who does not import torch.
    gc.collect()
    gc.freeze()
    start = time.process_time()
    run()
    return time.process_time() - start


def compare(work: Workload, ours: Any, torch: Any, rounds: int) -> dict[str, Any]:
    """Both in turn; the ratio of each pair, and the median of the ratios."""
    run_ours, run_torch = work.prepare(ours, work.dtype), work.prepare(torch, work.dtype)
    for run in (run_ours, run_torch):
        run()
    # A measured time of at least 20 ms, so the clock's grain does not count.
    repeat = max(1, int(0.02 / max(min(timed(run_ours), timed(run_torch)), 1e-6)))
    ours_times, torch_times = [], []
    for _ in range(rounds):
        ours_times.append(timed(lambda: [run_ours() for _ in range(repeat)]) / repeat)
        torch_times.append(timed(lambda: [run_torch() for _ in range(repeat)]) / repeat)
    ratios = sorted(a / b for a, b in zip(ours_times, torch_times))
    return {
        "workload": work.name,
        "ratio": statistics.median(ratios),
        "spread": [ratios[0], ratios[-1]],
        "ours_ms": statistics.median(ours_times) * 1e3,
        "torch_ms": statistics.median(torch_times) * 1e3,
        "at_most": work.at_most,
        "aim": work.aim,
    }


def peak(work: Workload, library: str) -> float:
    """Megabytes at the highest of a first run, beyond what a fresh process holds before it; nan where nobody tells."""
    code = (
        "import importlib, benchmarks.__main__ as bench\n"
        f"lib = importlib.import_module({library!r})\n"
        f"work = next(w for w in bench.NETWORKS if w.name == {work.name!r})\n"
        "print(bench.rise(work.prepare(lib, work.dtype)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(done.stdout)


def rise(run: Any) -> float:
    """How far the memory of this process rises while it runs, by Linux's own high-water mark."""

    def held(what: str) -> float:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024

    try:
        Path("/proc/self/clear_refs").write_text("5")  # the mark is where memory stands now
        before = held("VmRSS")
        run()
        return held("VmHWM") - before
    except OSError:
        return float("nan")


def bytes_a_node(ours: Any, length: int = 100_000) -> float:
    """Python's own count of what one addition of a chain holds until backward."""
    x = ours.tensor(1.0, requires_grad=True)
    c = ours.tensor(1e-5)
    gc.collect()
    tracemalloc.start()
    y = x
    for _ in range(length):
        y = y + c
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    y.backward()
    return held / length


def import_seconds(module: str) -> float:
    """CPU time of importing a module in a fresh interpreter, without the interpreter's own start."""

    # Installed packages have their bytecode; the first import gives it to a checkout.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

    def once(statement: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", statement], check=True, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)

    once(f"import {module}")
    return statistics.median(once(f"import {module}") - once("pass") for _ in range(5))


def million(ours: Any) -> float:
    """Seconds for a chain of 10^6 additions, forward, backward and release."""
    run = chain(ours, "float64", 10**6)
    return timed(run)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default="", help="run workloads whose name contains this")
    parser.add_argument("--rounds", type=int, default=0, help="pairs a workload (default: its own number)")
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results.json"), help="where the results are kept")
    parser.add_argument("--report", action="store_true", help="exit 0 even where a bar is missed")
    options = parser.parse_args(argv)
    ours, torch = importlib.import_module("autodiff"), importlib.import_module("torch")
    torch.set_num_threads(1)
    chosen = [w for w in (*WORKLOADS, *NETWORKS) if options.only in w.name]
    for work in chosen:
        check(work, ours, torch)
    versions = f"torch {torch.__version__}, NumPy {np.__version__}, Python {platform.python_version()}"
    print(f"autodiff against {versions}, one thread")
    held = os.environ.get("OPENBLAS_CORETYPE")
    if held:
        print(
            f"OPENBLAS_CORETYPE holds OpenBLAS to its kernels for {held}: products of matrices are ours in these alone"
        )
    print(f"{'workload':42} {'ours ms':>9} {'torch ms':>9} {'ratio':>6} {'at most':>8} {'aim':>5}")
    rows = []
    for work in chosen:
        row = compare(work, ours, torch, options.rounds or work.rounds)
        if work.weighed:
            row["peak_mb"] = {name: round(peak(work, name), 1) for name in ("autodiff", "torch")}
        rows.append(row)
        memory = "   peak {autodiff:.0f} MB, torch {torch:.0f}".format(**row["peak_mb"]) if work.weighed else ""
        print(
            f"{row['workload']:42} {row['ours_ms']:9.3f} {row['torch_ms']:9.3f} {row['ratio']:6.2f} "
            f"{row['at_most']:8.2f} {row['aim']:5.2f}{memory}{'' if row['ratio'] <= row['at_most'] else '   missed'}",
            flush=True,
        )
    if not options.only:
        rows.append(
            {
                "workload": "bytes a node of a chain",
                "ratio": bytes_a_node(ours),
                "at_most": BYTES_AT_MOST,
                "aim": BYTES_AIM,
            }
        )
        rows.append({"workload": "seconds for 10^6 additions", "ratio": million(ours), "at_most": 60.0, "aim": 5.0})
        own, other = import_seconds("autodiff"), import_seconds("torch")
        rows.append({"workload": "import autodiff", "ratio": own / other, "ours_ms": own * 1e3, "torch_ms": other * 1e3,
                     "at_most": IMPORT_AT_MOST, "aim": IMPORT_AIM})  # fmt: skip
        for row in rows[-3:]:
            print(f"{row['workload']:42} {'':19} {row['ratio']:6.2f} {row['at_most']:8.2f} {row['aim']:5.2f}"
                  f"{'' if row['ratio'] <= row['at_most'] else '   missed'}")  # fmt: skip
    if options.only in "harness":
        for row in measure():
            rows.append(row)
            bars = "" if row["at_most"] is None else f"{row['at_most']:8.2f} {row['aim']:5.2f}"
            late = "   missed" if row["at_most"] is not None and row["ratio"] > row["at_most"] else ""
            print(f"{row['workload']:42} {row['per_second']:7}/s {'':9} {row['ratio']:6.2f} {bars}{late}", flush=True)
    options.json.write_text(
        json.dumps(
            {"torch": torch.__version__, "numpy": np.__version__, "openblas_held_to": held, "rows": rows}, indent=1
        )
        + "\n"
    )
    missed = [row["workload"] for row in rows if row["at_most"] is not None and row["ratio"] > row["at_most"]]
    return 1 if missed and not options.report else 0


if __name__ == "__main__":
    sys.exit(main())
