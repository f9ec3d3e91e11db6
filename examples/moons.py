"""Two moons told apart by a network of scalars: every weight, every product is a number of its own.

    python -m examples.moons --engine autodiff

Nothing is hidden in a matrix: a neuron is a sum of products and a tanh, as on the first page of any textbook. The loss
asks that the answer has the sign of the class, by a margin of 1. At the end the plane is coloured by the answer.
"""

from __future__ import annotations

from collections.abc import Generator
from itertools import pairwise
from typing import Any

import numpy as np

from examples.picture import Picture
from examples.stage import show

SIZES = (2, 8, 6, 1)


def moons(count: int, seed: int) -> tuple[Any, Any]:
    """Points on two half circles that reach into each other, with some noise; the classes are 1 and -1."""
    random = np.random.default_rng(seed)
    turns = random.uniform(0, np.pi, count)
    sign = np.where(np.arange(count) % 2 == 0, 1.0, -1.0)
    x = np.where(sign > 0, np.cos(turns), 1 - np.cos(turns))
    y = np.where(sign > 0, np.sin(turns), 0.5 - np.sin(turns))
    return np.stack([x, y], 1) + random.normal(0, 0.1, (count, 2)), sign


def answer(torch: Any, layers: Any, point: Any) -> Any:
    """One number from two: positive for the one moon, negative for the other."""
    values = list(point)
    for depth, neurons in enumerate(layers):
        sums = []
        for weights, bias in neurons:
            total = bias
            for weight, value in zip(weights, values):
                total = total + weight * value
            sums.append(total)
        values = sums if depth == len(layers) - 1 else [torch.tanh(total) for total in sums]
    return values[0]


def train(torch: Any, steps: int) -> Generator[float, None, Any]:
    random = np.random.default_rng(1)

    def number(value: float) -> Any:
        return torch.tensor(float(value), requires_grad=True)

    layers = [
        [([number(random.normal() / n**0.5) for _ in range(n)], number(0.0)) for _ in range(m)]
        for n, m in pairwise(SIZES)
    ]
    params = [p for layer in layers for weights, bias in layer for p in (*weights, bias)]
    optimizer = torch.optim.SGD(params, lr=0.1, momentum=0.9)
    points, classes = moons(100, seed=0)
    for step in range(steps):
        loss = torch.tensor(0.0)
        for k in range(5):  # five of the points a step, in turn
            i = (step * 5 + k) % len(points)
            loss = loss + torch.relu(1 - float(classes[i]) * answer(torch, layers, points[i].tolist())) / 5
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield loss.item()
    return layers, points, classes


def picture(torch: Any, result: Any, losses: list[float]) -> Picture:
    layers, points, classes = result
    drawing, cell, across = Picture(640, 460), 10, 46
    left, top, scale = -1.5, 2.0, 0.0825
    y, x = np.mgrid[0:across, 0:across] * scale
    plane = [torch.tensor(left + x), torch.tensor(top - y)]  # to the same network a number may be a whole plane of them
    with torch.no_grad():
        drawing.grid(answer(torch, layers, plane).numpy(), 0, 0, cell, -3, 3)
        right = (answer(torch, layers, list(torch.tensor(points).unbind(1))).numpy() > 0) == (classes > 0)
    for (x, y), kind in zip(points, classes):
        drawing.dot((x - left) / scale * cell, (top - y) / scale * cell, 4, "#8c1d14" if kind > 0 else "#123f73")
    drawing.words(480, 24, "loss", 13)
    drawing.curve(smoothed(losses, 20), 480, 34, 140, 110, "#333")
    drawing.words(480, 180, f"{right.sum()} of {len(points)} right", 13)
    return drawing


def smoothed(values: list[float], width: int) -> list[float]:
    """Means of so many values each."""
    return [sum(values[i : i + width]) / len(values[i : i + width]) for i in range(0, len(values), width)]


if __name__ == "__main__":
    show(train, picture, 800)
