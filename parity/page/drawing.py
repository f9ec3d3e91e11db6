"""Pictures of a page as inline SVG: a program's graph, curves, points; knows no report."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from markupsafe import Markup, escape

from parity.notation import Notation
from parity.program import Program

#: Of a graph, in user units: a character's width, a node's height, the room between nodes.
_CHARACTER, _HEIGHT, _GAP, _RISE = 6.2, 20, 10, 18
_LONGEST = 34
#: Steps that a picture can show; a longer program is told by its listing.
MOST = 40


def graph(program: Program, culprits: Collection[str]) -> Markup:
    """The program from its inputs down to its last step; steps whose operator is among the culprits are marked.

    Empty where there is nothing to see: of a program with more than `MOST` steps.
    """
    if len(program.steps) > MOST:
        return Markup("")
    notation, count = Notation(program, numbered=True), len(program.inputs)
    labels = [f"{name}: {leaf.array.dtype.name}" for name, leaf in zip(notation.names, program.inputs)]
    blamed = {count + number for number, step in enumerate(program.steps) if step.op in culprits}
    labels += [f"{name} = {step.op}" for name, step in zip(notation.names[count:], program.steps)]
    parents: list[list[int]] = [[] for _ in program.inputs]
    parents += [[ref.index for ref in step.refs()] for step in program.steps]
    levels: list[int] = []
    for above in parents:
        levels.append(1 + max((levels[i] for i in above), default=-1))
    rows: dict[int, list[int]] = {}
    for number, level in enumerate(levels):
        rows.setdefault(level, []).append(number)
    labels = [label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…" for label in labels]
    labels = ["▸ " * (number in blamed) + label for number, label in enumerate(labels)]
    widths = [round(_CHARACTER * len(label) + 12) for label in labels]
    across = max(sum(widths[i] for i in row) + _GAP * (len(row) - 1) for row in rows.values())
    middle: dict[int, tuple[int, int]] = {}
    for level, row in rows.items():
        x = (across - sum(widths[i] for i in row) - _GAP * (len(row) - 1)) / 2
        for i in row:
            middle[i] = round(x + widths[i] / 2), level * (_HEIGHT + _RISE) + _HEIGHT // 2
            x += widths[i] + _GAP
    edges, boxes, texts = "", {"leaf": "", "step": "", "blamed": ""}, ""
    for number, above in enumerate(parents):
        x, y = middle[number]
        for parent in dict.fromkeys(above):
            across_to, start = middle[parent]
            down = y - start - _HEIGHT
            edges += (
                f"M{across_to} {start + _HEIGHT // 2}c0 {down // 2} {x - across_to} {down // 2} {x - across_to} {down}"
            )
        kind = "blamed" if number in blamed else "leaf" if number < count else "step"
        wide = widths[number]
        boxes[kind] += f"M{x - wide // 2} {y - _HEIGHT // 2}h{wide}v{_HEIGHT}h-{wide}z"
        texts += f'<text x="{x}" y="{y + 4}">{escape(labels[number])}</text>'
    parts = [f'<path d="{edges}"/>', *(f'<path class="{kind}" d="{d}"/>' for kind, d in boxes.items() if d), texts]
    height = len(rows) * (_HEIGHT + _RISE) - _RISE
    told = f"graph of {len(program.steps)} steps" + (f", {', '.join(sorted(culprits))} marked" if culprits else "")
    return Markup(
        f'<svg class="graph" role="img" aria-label="{escape(told)}" viewBox="-2 -2 {across + 4} {height + 4}" '
        f'width="{across + 4}" height="{height + 4}">{"".join(parts)}</svg>'
    )


def curve(
    points: Sequence[tuple[float, float]],
    across: str,
    up: str,
    *,
    width: int = 420,
    height: int = 150,
    joined: bool = True,
    logarithmic: bool = False,
) -> Markup:
    """A curve, or points by themselves, with its axes labelled; `logarithmic` takes both from 1 on."""
    if not points:
        return Markup("")
    scaled = [(math.log10(max(x, 1)), math.log10(max(y, 1))) for x, y in points] if logarithmic else list(points)
    scaled = [(x, y) for x, y in scaled if math.isfinite(x) and math.isfinite(y)]
    if not scaled:
        return Markup("")
    left, bottom, top, right = 46, 26, 8, 10
    x0, x1 = min(0.0, *(x for x, _ in scaled)), max(x for x, _ in scaled) or 1.0
    y0, y1 = min(0.0, *(y for _, y in scaled)), max(y for _, y in scaled) or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            round(left + (x - x0) / ((x1 - x0) or 1) * (width - left - right), 1),
            round(height - bottom - (y - y0) / ((y1 - y0) or 1) * (height - bottom - top), 1),
        )

    spots = [place(x, y) for x, y in scaled]
    if joined and len(spots) > 1:
        drawn = f'<polyline points="{" ".join(f"{x:g},{y:g}" for x, y in spots)}"/>'
    else:
        drawn = "".join(f'<circle cx="{x:g}" cy="{y:g}" r="2.5"/>' for x, y in spots)
    ends = [_tick(10**v if logarithmic else v) for v in (x0, x1, y0, y1)]
    label = escape(f"{up} against {across}: {_tick(points[-1][1])} at {_tick(points[-1][0])}")
    return Markup(
        f'<svg class="curve" role="img" aria-label="{label}" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}">'
        f'<path class="axes" d="M{left} {top}V{height - bottom}H{width - right}"/>{drawn}'
        f'<text x="{left}" y="{height - bottom + 13}">{ends[0]}</text>'
        f'<text class="end" x="{width - right}" y="{height - bottom + 13}">{ends[1]}</text>'
        f'<text class="mid" x="{(left + width - right) // 2}" y="{height - 3}">{escape(across)}</text>'
        f'<text class="end" x="{left - 4}" y="{height - bottom}">{ends[2]}</text>'
        f'<text class="end" x="{left - 4}" y="{top + 9}">{ends[3]}</text>'
        f'<text x="{left + 5}" y="{top + 9}">{escape(up)}</text></svg>'
    )


def _tick(value: float) -> str:
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if unit == 'k' else size):.3g}{unit}"
    return f"{value:.4g}"
