"""Base against head: a checkout of each in a process of its own, workloads in turn, ratios; knows no workload."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parity.errors import EngineError, UsageError

WORKER = Path(__file__).with_name("worker.py")
#: A measured stretch is at least so long, in seconds: the clock's grain does not count then.
_STRETCH = 0.02


@dataclass(frozen=True, slots=True)
class Ratio:
    """Of one workload the time that head takes where base takes 1; or why there is none."""

    workload: str
    ratios: tuple[float, ...] = ()
    seconds: float = 0.0
    error: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.ratios)

    def slower(self, factor: float) -> bool:
        """Whether head takes `factor` times as long, and longer in three of four pairs: one hiccup is no verdict."""
        longer = sum(ratio > 1 for ratio in self.ratios)
        return bool(self.ratios) and self.median > factor and longer >= 0.75 * len(self.ratios)


class Timed:
    """The engine of one checkout."""

    def __init__(self, target: str, root: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(WORKER), target],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            cwd=root,
            text=True,
        )
        told = self._answer(target)
        self.file, self.workloads = Path(told["file"]), list(told["workloads"])

    def seconds(self, workload: str, repeat: int) -> float:
        """CPU seconds of one run. EngineError where the engine raises."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([workload, repeat]) + "\n")
        self._process.stdin.flush()
        answer = self._answer(workload)
        if "error" in answer:
            raise EngineError(answer["error"])
        return float(answer["seconds"])

    def _answer(self, what: str) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise UsageError(f"the process that times {what} ended with exit code {self._process.wait()}")
        found: dict[str, Any] = json.loads(line)
        return found

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def measured(target: str, revision: str, rounds: int) -> Iterator[Ratio]:
    """Each workload's ratios. UsageError if there is no such revision, or the target is no part of the checkout."""
    root = Path(_git("rev-parse", "--show-toplevel"))
    with ExitStack() as stack:
        base_root = stack.enter_context(checked_out(root, revision))
        sides: list[Timed] = []
        for place in (base_root, root):
            side = Timed(target, place)
            stack.callback(side.close)
            if not side.file.resolve().is_relative_to(place.resolve()):
                raise UsageError(f"{target} comes from {side.file}, not from the checkout {place}")
            sides.append(side)
        for workload in sides[1].workloads:
            yield _compared(workload, sides[0], sides[1], rounds)


def _compared(workload: str, base: Timed, head: Timed, rounds: int) -> Ratio:
    try:
        once = min(side.seconds(workload, 1) for side in (base, head))
        repeat = max(1, int(_STRETCH / max(once, 1e-6)))
        pairs = []
        for number in range(rounds):
            # Whoever comes first finds a colder machine: they take turns.
            order = (base, head) if number % 2 else (head, base)
            times = {side: side.seconds(workload, repeat) for side in order}
            pairs.append((times[base], times[head]))
    except EngineError as error:
        return Ratio(workload, error=str(error))
    ratios = tuple(after / before for before, after in pairs)
    return Ratio(workload, ratios, statistics.median(after for _, after in pairs))


@contextmanager
def checked_out(root: Path, revision: str) -> Iterator[Path]:
    """The files of a revision in a folder of their own while it lasts; the checkout itself is not touched."""
    commit = _git("-C", str(root), "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    with tempfile.TemporaryDirectory(prefix="parity-base-") as folder:
        archive = subprocess.run(["git", "-C", str(root), "archive", commit], capture_output=True, check=True)
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        yield Path(folder)


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True)
    except FileNotFoundError:
        raise UsageError("bench --against needs git, which is not installed") from None
    if done.returncode:
        told = done.stderr.strip() or f"there is no revision {arguments[-1].removesuffix('^{commit}')!r}"
        raise UsageError(f"bench --against: {told}")
    return done.stdout.strip()
