"""Digits read by a network of two layers: a linear map, a bend, a linear map, and Adam.

    python -m examples.mlp --engine autodiff

The digits are drawn by rule (`examples/digits.py`). At the end the picture shows what the network never saw in
training, with its answers, and the weights of some neurons: each looks for a pattern of strokes.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np

from examples.digits import SIZE, drawn
from examples.picture import Picture
from examples.stage import show

HIDDEN, BATCH = 64, 32


def train(torch: Any, steps: int) -> Generator[float, None, Any]:
    torch.manual_seed(0)
    nn = torch.nn
    model = nn.Sequential(nn.Flatten(), nn.Linear(SIZE * SIZE, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 10))
    yield from fitted(torch, model, steps)
    return model


def fitted(torch: Any, model: Any, steps: int) -> Generator[float, None, None]:
    """Train a model of digits on a thousand of them, in an order drawn anew each time round."""
    images, classes = drawn(1000, seed=0)
    pictures = torch.tensor(images, dtype=torch.get_default_dtype())
    data = torch.utils.data.TensorDataset(pictures, torch.tensor(classes))
    loader = torch.utils.data.DataLoader(data, batch_size=BATCH, shuffle=True, drop_last=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    done = 0
    while True:
        for x, y in loader:
            if done == steps:
                return
            loss = torch.nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            done += 1
            yield loss.item()


def picture(torch: Any, model: Any, losses: list[float]) -> Picture:
    drawing = Picture(760, 400)
    answers(torch, model, losses, drawing)
    weights = model[1].weight.detach().numpy().reshape(HIDDEN, SIZE, SIZE)
    drawing.words(20, 300, "what eight neurons look for", 13)
    for place, number in enumerate(np.argsort(-np.abs(weights).sum((1, 2)))[:8]):
        drawing.grid(weights[number], 20 + place * 90, 312, 5, -0.2, 0.2)
    return drawing


def answers(torch: Any, model: Any, losses: list[float], drawing: Picture) -> None:
    """Draw digits that the model never saw, its answers, its loss, and the share that it reads right."""
    images, classes = drawn(500, seed=1)
    model.eval()
    with torch.no_grad():
        found = model(torch.tensor(images, dtype=torch.get_default_dtype())).argmax(1).numpy()
    for place in range(24):
        x, y = 20 + place % 8 * 64, 20 + place // 8 * 84
        drawing.grid(images[place, 0], x, y, 3.4, -1, 1)
        right = found[place] == classes[place]
        drawing.words(x + 20, y + 70, f"{found[place]}", 15, "#2c7a3c" if right else "#c43e34")
    drawing.words(560, 32, "loss", 13)
    drawing.curve(losses, 560, 42, 170, 120, "#333")
    drawing.words(560, 200, f"{(found == classes).mean():.1%} of 500 unseen right", 13)


if __name__ == "__main__":
    show(train, picture, 600)
