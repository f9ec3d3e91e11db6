"""Digits read by a network of convolutions, the shape of LeNet (LeCun et al., 1998) for pictures of 16 by 16.

    python -m examples.lenet --engine autodiff

Two convolutions look at windows of 5 by 5 everywhere alike, pooling keeps the largest of four, three linear layers
decide. At the end the picture shows answers, and what the first layer makes of one digit.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from examples.digits import drawn
from examples.mlp import answers, fitted
from examples.picture import Picture
from examples.stage import show


def network(torch: Any) -> Any:
    nn = torch.nn

    class LeNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(1, 6, 5, padding=2)
            self.second = nn.Conv2d(6, 16, 5)
            self.decide = nn.Sequential(nn.Linear(64, 60), nn.ReLU(), nn.Linear(60, 42), nn.ReLU(), nn.Linear(42, 10))

        def forward(self, x: Any) -> Any:
            x = nn.functional.max_pool2d(torch.relu(self.first(x)), 2)
            x = nn.functional.max_pool2d(torch.relu(self.second(x)), 2)
            return self.decide(x.flatten(1))

    return LeNet()


def train(torch: Any, steps: int) -> Generator[float, None, Any]:
    torch.manual_seed(0)
    model = network(torch)
    yield from fitted(torch, model, steps)
    return model


def picture(torch: Any, model: Any, losses: list[float]) -> Picture:
    drawing = Picture(760, 400)
    answers(torch, model, losses, drawing)
    images, _ = drawn(500, seed=1)
    with torch.no_grad():
        seen = torch.relu(model.first(torch.tensor(images[:1], dtype=torch.get_default_dtype())))[0].numpy()
    drawing.words(20, 300, "the first digit, as the six windows of the first layer see it", 13)
    for place, values in enumerate(seen):
        drawing.grid(values, 20 + place * 100, 312, 5, -float(seen.max()), float(seen.max()))
    return drawing


if __name__ == "__main__":
    show(train, picture, 400)
