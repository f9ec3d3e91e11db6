"""Digits like handwritten ones, drawn by rule: strokes of ten shapes, turned, leaned, moved, thickened and blurred.

No collection is copied, and none is needed: every picture is computed from a seed. Knows no engine.
"""

from __future__ import annotations

from typing import Any

import numpy as np

SIZE = 16


def _arc(x: float, y: float, wide: float, high: float, start: float, stop: float) -> list[tuple[float, float]]:
    """Points of an ellipse between two angles, in turns; 0 is to the right, 0.25 below."""
    turns = np.linspace(start, stop, 14) * 2 * np.pi
    return [(x + wide * np.cos(t), y + high * np.sin(t)) for t in turns]


#: The strokes of each digit in a square from -1 to 1, y downwards.
STROKES: list[list[list[tuple[float, float]]]] = [
    [_arc(0, 0, 0.5, 0.85, 0, 1)],
    [[(-0.3, -0.5), (0.1, -0.85), (0.1, 0.85)]],
    [[*_arc(0, -0.4, 0.48, 0.45, 0.5, 1.1), (-0.5, 0.85), (0.55, 0.85)]],
    [_arc(-0.05, -0.42, 0.45, 0.42, 0.55, 1.25), _arc(-0.05, 0.42, 0.5, 0.43, 0.75, 1.45)],
    [[(0.2, -0.85), (-0.55, 0.3), (0.6, 0.3)], [(0.25, -0.1), (0.25, 0.85)]],
    [[(0.5, -0.85), (-0.35, -0.85), (-0.42, -0.1)], _arc(-0.02, 0.33, 0.48, 0.5, 0.62, 1.42)],
    [[(0.3, -0.85), (-0.3, -0.1), (-0.45, 0.35)], _arc(0, 0.38, 0.45, 0.46, 0, 1)],
    [[(-0.5, -0.85), (0.5, -0.85), (-0.1, 0.85)]],
    [_arc(0, -0.42, 0.4, 0.42, 0, 1), _arc(0, 0.43, 0.48, 0.43, 0, 1)],
    [_arc(0, -0.38, 0.43, 0.46, 0, 1), [(0.43, -0.35), (0.35, 0.3), (0.1, 0.85)]],
]


def drawn(count: int, seed: int) -> tuple[Any, Any]:
    """Pictures `(count, 1, SIZE, SIZE)` between 0 and 1, and the digit in each."""
    random = np.random.default_rng(seed)
    classes = random.integers(0, 10, count)
    return np.stack([_picture(int(digit), random) for digit in classes])[:, None], classes


def _picture(digit: int, random: Any) -> Any:
    """One digit: how near each pixel is to a stroke of the changed shape."""
    turn, lean = random.normal(0, 0.14), random.normal(0, 0.22)
    wide, high = random.uniform(0.65, 1.05, 2) * SIZE * 0.42
    place = SIZE / 2 - 0.5 + random.normal(0, 0.8, 2)
    change = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ np.array([[1, lean], [0, 1]])
    pixels = np.stack(np.meshgrid(np.arange(SIZE), np.arange(SIZE)), -1).reshape(-1, 1, 2).astype(float)
    nearest = np.full(SIZE * SIZE, np.inf)
    for stroke in STROKES[digit]:
        points = (np.array(stroke) + random.normal(0, 0.03, (len(stroke), 2))) @ change.T * [wide, high] + place
        first, along = points[:-1], np.diff(points, axis=0)
        share = ((pixels - first) * along).sum(-1) / (along**2).sum(-1)
        apart = pixels - (first + np.clip(share, 0, 1)[..., None] * along)
        nearest = np.minimum(nearest, np.sqrt((apart**2).sum(-1)).min(1))
    ink = 1 / (1 + np.exp((nearest - random.uniform(0.6, 1.1)) * 4))
    return np.clip(ink + random.normal(0, 0.05, ink.shape), 0, 1).reshape(SIZE, SIZE)
