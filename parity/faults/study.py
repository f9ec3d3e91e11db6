"""Measures the yardstick: false alarms on a correct subject, planted faults it catches, and what it costs.

`python -m parity.faults.study alarms|power|cost [programs]` prints the tables of docs/yardstick.md.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from parity.catalogue import CATALOGUE
from parity.compare import compare
from parity.compare.jitter import Jumps, nudge, treatment
from parity.compare.pairs import Pair, unequal
from parity.compare.verdict import Verdict
from parity.compare.yardstick import deviation, floored, rounding
from parity.engines import reference
from parity.engines.decorators import Faulty
from parity.engines.interpreter import execute, writes
from parity.engines.protocol import Run
from parity.faults.rewritten import Rewritten
from parity.program import Program
from parity.strategies.drawing import draw_program
from parity.strategies.source import Seeded

DTYPES: Mapping[str, tuple[str, ...]] = {"float32": ("float32",), "float64": ("float64",)}
FAULTS: Mapping[str, Callable[[Any], Any]] = {
    "sign": lambda g: -g,
    "dropped": lambda g: g * 0,
    "factor 1.0001": lambda g: g * 1.0001,
    "factor 1 + 1e-6": lambda g: g * (1 + 1e-6),
    "factor 1 + 1e-10": lambda g: g * (1 + 1e-10),
}
#: What torch.testing.assert_close allows unless told otherwise: relative, absolute.
TORCH_DEFAULTS = {"float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7)}


def drawn(engine: Any, dtype: str, count: int, **wishes: Any) -> Iterator[tuple[Program, Run]]:
    """Smooth programs of 12 steps on 4 × 4 that write nowhere: another formula saves other tensors."""
    seed = found = 0
    while found < count:
        wishes = {"min_steps": 12, "shape": (4, 4), "regime": "smooth", **wishes}
        program, run = draw_program(Seeded(seed), engine, dtypes=DTYPES[dtype], **wishes)
        seed += 1
        if run.error is None and not any(writes(step) for step in program.steps):
            found += 1
            yield program, run


def alarms(engine: Any, count: int) -> None:
    """Where correct programs in other words are decided, and how many alarm before and after step 6."""
    subject = Rewritten(engine)
    head = ("programs", "bits", "jitter", "truth", "undecided", "alarms: step 5", "6")
    print(_row("", *head))
    for dtype in DTYPES:
        steps: Counter[str] = Counter()
        early = late = 0
        for program, run in drawn(engine, dtype, count):
            verdict = compare(program, engine, subject, reference_run=run, confirm=False)
            if verdict.status == "differs":
                early += 1
                verdict = compare(program, engine, subject, reference_run=run)
                late += verdict.status == "differs"
            steps["undecided" if verdict.status == "undecided" else verdict.decided] += 1
        counts = (steps[step] for step in ("bits", "jitter", "truth", "undecided"))
        print(_row(dtype, count, *counts, early, late))


def _row(first: str, *cells: str | int) -> str:
    return f"{first:8}" + "".join(f"{cell:>{w}}" for cell, w in zip(cells, (10, 7, 8, 7, 11, 16, 4)))


def multiples(engine: Any, count: int) -> None:
    """Share of correct programs that the jitter alone would fail, by the multiple of the spread allowed."""
    subject = Rewritten(engine)
    choices = (2, 4, 8, 16, 64, 1024)
    print("jitter alone, share of correct programs that fail at a multiple of")
    print(f"{'':8} " + " ".join(f"{m:>7}" for m in choices))
    for dtype in DTYPES:
        failed: Counter[int] = Counter()
        for program, run in drawn(engine, dtype, count):
            pairs = [p for p in unequal(program, run, execute(program, subject)) if not p.discrete]
            needed = _needed(program, engine, run, pairs)
            failed.update(m for m in choices if needed > m)
        print(f"{dtype:8} " + " ".join(f"{failed[m] / count:7.2%}" for m in choices))


def _needed(program: Program, engine: Any, run: Run, pairs: list[Pair]) -> float:
    """The multiple of S' that would let every array pass, after the usual four runs."""
    treatments, jumps = treatment(program, run), Jumps()
    for number in range(4 if pairs else 0):
        nudge(program, engine, run, treatments, pairs, number, jumps)
    worst = 0.0
    for pair in pairs:
        assert pair.spread is not None
        if jumps.blur(pair):
            continue
        over = deviation(pair.reference, pair.subject) - rounding(pair.reference)
        with np.errstate(all="ignore"):
            worst = max(
                worst,
                float(np.nanmax(np.where(over > 0, over / floored(pair.reference, pair.spread), 0.0), initial=0.0)),
            )
    return worst


def power(engine: Any, count: int) -> None:
    """How many planted faults are caught, of those that change any bit; beside torch's default tolerances."""
    print(f"{'':26} {'planted':>8} {'caught':>7} {'undecided':>10} {'missed':>7} {'torch.testing misses':>21}")
    for dtype in DTYPES:
        for name, change in FAULTS.items():
            if dtype == "float32" and name == "factor 1 + 1e-10":
                continue
            tally: Counter[str] = Counter()
            for program, run in drawn(engine, dtype, count):
                op = _victim(program)
                faulty = Faulty(engine, op, change, input=0)
                subject_run = execute(program, faulty)
                pairs = list(unequal(program, run, subject_run))
                if not pairs:
                    continue
                verdict = compare(program, engine, faulty, reference_run=run, subject_run=subject_run)
                tally["planted"] += 1
                tally[verdict.status] += 1
                tally["torch misses"] += all(_close(pair, dtype) for pair in pairs)
            n = tally["planted"]
            print(f"{dtype:8} {name:17} {n:8} {tally['differs'] / n:7.1%} {tally['undecided'] / n:10.1%} "
                  f"{tally['agrees'] / n:7.1%} {tally['torch misses'] / n:21.1%}")  # fmt: skip


def _victim(program: Program) -> str:
    """An operator with a derivative: the last one, which most surely reaches an output."""
    smooth = [s.op for s in program.steps if "discrete" not in CATALOGUE[s.op].tags and CATALOGUE[s.op].orders]
    return smooth[-1] if smooth else program.steps[-1].op


def _close(pair: Pair, dtype: str) -> bool:
    relative, absolute = TORCH_DEFAULTS[dtype]
    return bool(np.allclose(pair.subject, pair.reference, rtol=relative, atol=absolute, equal_nan=True))


def cost(engine: Any, count: int) -> None:
    """CPU milliseconds a program: drawing, the subject's run, comparing; by where it was decided."""
    subjects = {"the reference itself": engine, "rewritten": Rewritten(engine)}
    for name, subject in subjects.items():
        for regime in ("exact", "smooth"):
            clock: defaultdict[str, float] = defaultdict(float)
            decided: Counter[str] = Counter()
            spent: defaultdict[str, float] = defaultdict(float)
            for seed in range(count):
                start = time.process_time()
                program, run = draw_program(Seeded(seed), engine, regime=regime, min_steps=12, shape=(4, 4))
                drawn_at = time.process_time()
                subject_run = execute(program, subject)
                ran = time.process_time()
                verdict = compare(program, engine, subject, reference_run=run, subject_run=subject_run)
                end = time.process_time()
                clock["draw"] += drawn_at - start
                clock["subject"] += ran - drawn_at
                clock["compare"] += end - ran
                decided[_label(verdict)] += 1
                spent[_label(verdict)] += end - ran
            each = {what: f"{1e3 * seconds / count:.2f}" for what, seconds in clock.items()}
            steps = {what: f"{n} × {1e3 * spent[what] / n:.2f}" for what, n in decided.most_common()}
            rate = f"{count / sum(clock.values()):.0f}/s"
            print(f"{name}, {regime}: {rate}; ms a program {each}; compare by outcome {steps}")


def _label(verdict: Verdict) -> str:
    return verdict.decided if verdict.status == "agrees" else f"{verdict.status} ({verdict.decided})"


STUDIES = {"alarms": alarms, "multiples": multiples, "power": power, "cost": cost}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", choices=STUDIES)
    parser.add_argument("programs", nargs="?", type=int, default=1000)
    options = parser.parse_args()
    with reference.settings() as engine:
        STUDIES[options.study](engine, options.programs)


if __name__ == "__main__":
    main()
