"""docs/accuracy.md and the terminal's table, from measured rows; measures nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from parity.accuracy.measure import HOPELESS, Row, Worst
from parity.accuracy.points import thinned
from parity.accuracy.reasons import AIM, REASONS

PAGE = Path("docs/accuracy.md")
#: By so many ulp a figure may be exceeded: the last digit of a page, and points between those that it saw.
ROOM = 0.25
LOST = 100.0
_COLUMNS = ("operator", "points", "value: {0}", "{1}", "at", "gradient: {0}", "{1}", "at")
_HEAD = """\
# Accuracy

Written by `parity accuracy {target} --points {points} --write`: do not edit. `parity accuracy {target} --check` says
whether it has a row for every operator; the figures are those of one machine, since torch and NumPy have kernels for
each kind of CPU.

The largest error in ulp (distances of neighbouring numbers at the truth) of {reference} and of {target}, of the value
and of the gradient, for every operator that is a function of one number. The truth is ball arithmetic with a certified
radius; a gradient's is a central difference of the truth's values at 320 bits and more, so that nobody's formula is
trusted. float32 and float64: at least {count} points, in every binade, in the ranges in which careless formulas fail,
around critical values, and around the roots of the value and of the gradient; float16: {every}. Left out
are points where torch's answer is nan, and gradients at kinks. *At* is where {target} is worst, exactly.

"""


def shown(ulps: float) -> str:
    """An error for people: two digits, and what is no longer a number of digits as such."""
    if math.isnan(ulps):
        return "–"
    if ulps > HOPELESS:
        return "wrong"
    return f"{ulps:.2f}" if ulps < 100 else f"{ulps:.1e}".replace("e+0", "e").replace("e+", "e")


def _cells(row: Row) -> Iterator[str]:
    yield from (f"`{row.label}`", str(row.count))
    for pair in (row.value, row.gradient):
        if pair is None:
            yield from ("–", "–", "–")
        else:
            yield from (shown(pair[0].ulps), shown(pair[1].ulps), _place(pair[1]))


def _place(worst: Worst) -> str:
    return "–" if not worst.ulps > 0 else f"`{worst.at.hex()}`"


def table(rows: Iterable[Row], names: tuple[str, str]) -> Iterator[str]:
    """The lines of a table, in Markdown."""
    yield f"| {' | '.join(column.format(*names) for column in _COLUMNS)} |"
    yield "|---" + "|---:" * (len(_COLUMNS) - 1) + "|"
    for row in rows:
        yield f"| {' | '.join(_cells(row))} |"


def page(rows: Sequence[Row], target: str, reference: str, count: int) -> str:
    """The whole page."""
    head = _HEAD.format(
        target=target, reference=reference, count=f"{count:,}", points=count, every=_every(thinned(count))
    )
    lines = [head.rstrip(), ""]
    for dtype in dict.fromkeys(row.dtype for row in rows):
        lines += [f"## {dtype}", "", *table((r for r in rows if r.dtype == dtype), (reference, target)), ""]
    return "\n".join([*lines, *_missing(rows, target)]) + "\n"


def _missing(rows: Sequence[Row], target: str) -> Iterator[str]:
    yield from (f"## Above {AIM:g} ulp in float64", "")
    for row in (r for r in rows if r.dtype == "float64"):
        parts = [
            f"{what} {shown(pair[1].ulps)}"
            for what, pair in (("value", row.value), ("gradient", row.gradient))
            if pair is not None and pair[1].ulps > AIM
        ]
        if parts:
            yield f"- `{row.label}`: {', '.join(parts)}: {REASONS.get(row.op, 'not yet looked into')}"


def _every(stride: int) -> str:
    return "every number there is" if stride == 1 else f"one of {stride} of all numbers"


def figures(text: str) -> dict[tuple[str, str], tuple[float, float]]:
    """What a page says of the subject, by dtype and label: its worst error in values and in gradients."""
    found, dtype = {}, ""
    for line in text.splitlines():
        if line.startswith("## "):
            dtype = line[3:]
        elif line.startswith("| `"):
            label, _, _, value, _, _, gradient, _ = line.strip("| ").split(" | ")
            found[dtype, label.strip("`")] = _read(value), _read(gradient)
    return found


def _read(cell: str) -> float:
    return math.inf if cell in ("–", "wrong") else float(cell)


def worse(row: Row, said: tuple[float, float]) -> Iterator[str]:
    """Where a measured row is further off than a page says."""
    for what, pair, figure in zip(("value", "gradient"), (row.value, row.gradient), said):
        # Where a result has lost its digits, near roots, the nearest point decides.
        room = ROOM if figure < LOST else 3 * figure
        if pair is not None and pair[1].ulps > figure + room:
            off = f"the {what} is {shown(pair[1].ulps)} ulp off at {pair[1].at.hex()}, not {figure:g}"
            yield f"{row.label} in {row.dtype}: {off}"
