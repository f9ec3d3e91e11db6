"""How many random programs a second one core draws and compares in full: values and gradients, torch included."""

from __future__ import annotations

import gc
import statistics
import time
from typing import Any

from parity.catalogue import CATALOGUE
from parity.compare import compare
from parity.engines import reference, resolve
from parity.program import Regime
from parity.strategies.drawing import draw_program
from parity.strategies.source import Seeded

#: Programs of so many operators on tensors of this shape, by regime and dtype in equal parts.
STEPS, SHAPE = 12, (4, 4)
VARIANTS: tuple[tuple[Regime, str], ...] = (
    ("exact", "float32"), ("exact", "float64"), ("smooth", "float32"), ("smooth", "float64"),
)  # fmt: skip
#: The families that everybody's programs are made of; the bars are for these. Factors of matrices, special functions
#: and losses cost torch itself several times as much.
_EVERYDAY = """
    arithmetic elementary choosing rounding comparison logic reduce scan shape rearranging joining parting index
    selection masks matmul activation rectifiers order
"""
EVERYDAY = frozenset(_EVERYDAY.split())
#: Programs a second, at least and aimed at; and what is aimed at for programs whose bits agree.
AT_LEAST, AIM, BITS_AIM = 300, 500, 1000


def measure(target: str = "autodiff") -> list[dict[str, Any]]:
    """Process time in milliseconds a program: of everyday operators, of those that their bits decide, of all."""
    everyday = tuple(name for name, row in CATALOGUE.items() if row.family in EVERYDAY)
    seconds, equal, share = _medians(target, everyday)
    whole, _, _ = _medians(target, None, batches=3)
    return [
        _row(f"harness: programs of {STEPS} everyday operators", seconds, AT_LEAST, AIM),
        _row(f"harness: those whose bits agree ({share:.0%})", equal, AT_LEAST, BITS_AIM),
        _row(f"harness: programs of any of {len(CATALOGUE)} operators", whole, None, None),
    ]


def _medians(target: str, ops: Any, batches: int = 7, count: int = 100) -> tuple[float, float, float]:
    """Seconds a program, of all and of those whose bits agree, and the share of these."""
    subject = resolve(target)
    every, equal, shares = [], [], []
    with reference.settings() as torch:
        # The first batch warms up what is looked up once.
        for batch in range(batches + 1):
            gc.collect()
            times = [_one(batch * count + number, torch, subject, ops) for number in range(count)]
            if batch:
                bits = [seconds for seconds, decided in times if decided == "bits"]
                every.append(sum(seconds for seconds, _ in times) / count)
                equal.append(sum(bits) / max(len(bits), 1))
                shares.append(len(bits) / count)
    return statistics.median(every), statistics.median(equal), statistics.mean(shares)


def _one(number: int, torch: Any, subject: Any, ops: Any) -> tuple[float, str]:
    regime, dtype = VARIANTS[number % len(VARIANTS)]
    started = time.process_time()
    program, run = draw_program(
        Seeded(number), torch, ops=ops, dtypes=(dtype,), max_steps=STEPS, min_steps=STEPS, regime=regime, shape=SHAPE
    )
    verdict = compare(program, torch, subject, reference_run=run)
    return time.process_time() - started, verdict.decided if verdict.status == "agrees" else verdict.status


def _row(workload: str, seconds: float, at_least: int | None, aim: int | None) -> dict[str, Any]:
    return {
        "workload": workload,
        "ratio": seconds * 1e3,
        "at_most": 1e3 / at_least if at_least else None,
        "aim": 1e3 / aim if aim else None,
        "per_second": round(1 / seconds),
    }
