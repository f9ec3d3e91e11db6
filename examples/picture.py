"""A small writer of SVG: rectangles, dots, lines, words, grids of colour; knows no example."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

#: From low to high values: blue, nearly white, red.
COLD, MIDDLE, WARM = (44, 100, 168), (247, 246, 243), (196, 62, 52)


def colour(value: float, low: float = 0.0, high: float = 1.0) -> str:
    """A value between `low` and `high` as a colour from blue to red."""
    share = 2 * min(max((value - low) / (high - low or 1.0), 0.0), 1.0)
    first, second = (COLD, MIDDLE) if share < 1 else (MIDDLE, WARM)
    return "#" + "".join(f"{round(a + (b - a) * (share % 1 if share < 2 else 1)):02x}" for a, b in zip(first, second))


class Picture:
    """Shapes in the order in which they are drawn; lengths in pixels, y downwards."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.parts: list[str] = []

    def rectangle(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        self.parts.append(f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" fill="{fill}"/>')

    def dot(self, x: float, y: float, radius: float, fill: str) -> None:
        self.parts.append(f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{radius}" fill="{fill}" stroke="#333" />')

    def line(self, points: Iterable[tuple[float, float]], stroke: str = "#333", width: float = 1.5) -> None:
        path = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="{width}"/>')

    def words(self, x: float, y: float, text: str, size: float = 14, fill: str = "#333", fixed: bool = False) -> None:
        family = "monospace" if fixed else "sans-serif"
        self.parts.append(
            f'<text x="{x:.2f}" y="{y:.2f}" font-size="{size}" font-family="{family}" fill="{fill}" '
            f'xml:space="preserve">{escape(text)}</text>'
        )

    def grid(self, values: Any, x: float, y: float, cell: float, low: float = 0.0, high: float = 1.0) -> None:
        """Rows of numbers as squares of colour, the first row on top."""
        for i, row in enumerate(values):
            for j, value in enumerate(row):
                # A little larger than its place, so that no seam shows.
                self.rectangle(x + j * cell, y + i * cell, cell + 0.3, cell + 0.3, colour(float(value), low, high))

    def curve(self, values: Sequence[float], x: float, y: float, width: float, height: float, stroke: str) -> None:
        """Numbers from left to right in a frame, the least at the bottom; the largest is told on the right."""
        low, high = min(values), max(values)
        self.line([(x, y), (x, y + height), (x + width, y + height)], "#999", 1)
        step = width / max(len(values) - 1, 1)
        self.line([(x + i * step, y + height * (high - v) / (high - low or 1.0)) for i, v in enumerate(values)], stroke)
        self.words(x + width - 30, y + 10, f"{high:.3g}", 11, "#777")
        self.words(x, y + height + 13, f"{low:.3g}", 11, "#777")

    def save(self, path: Path) -> None:
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" '
            f'viewBox="0 0 {self.width} {self.height}">'
        )
        body = "\n".join(self.parts)
        background = '<rect width="100%" height="100%" fill="white"/>'
        path.write_text(f"{head}\n{background}\n{body}\n</svg>\n", encoding="utf-8")
