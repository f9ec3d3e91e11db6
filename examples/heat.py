"""The heat equation solved by a network that is asked to obey it (Raissi et al., 2019).

    python -m examples.heat --engine autodiff

A rod is warm in the middle, its ends are held at 0: u_t = u_xx / 10, u(x, 0) = sin(pi x). Nobody shows the network a
solution. The loss is how far it is from obeying the equation at drawn points, where the derivatives are those of the
network by its own inputs, and how far from the given values on the border. So training differentiates derivatives: a
second derivative inside the loss, and a gradient of that. The solution is known, and the picture holds it beside.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np

from examples.picture import Picture
from examples.stage import show

SPREAD = 0.1


def truth(x: Any, t: Any) -> Any:
    return np.exp(-SPREAD * np.pi**2 * t) * np.sin(np.pi * x)


def train(torch: Any, steps: int) -> Generator[float, None, Any]:
    torch.manual_seed(0)
    nn = torch.nn
    model = nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 24), nn.Tanh(), nn.Linear(24, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(steps, 1))
    for _ in range(steps):
        inside = torch.rand(96, 2).requires_grad_()  # x, t
        u = model(inside)
        (slope,) = torch.autograd.grad(u.sum(), inside, create_graph=True)
        (bend,) = torch.autograd.grad(slope[:, 0].sum(), inside, create_graph=True)
        obeyed = ((slope[:, 1] - SPREAD * bend[:, 0]) ** 2).mean()
        x, t = torch.rand(32, 1), torch.rand(32, 1)
        begun = ((model(torch.cat([x, torch.zeros(32, 1)], 1)) - torch.sin(math.pi * x)) ** 2).mean()
        ends = torch.cat([torch.cat([torch.zeros(32, 1), t], 1), torch.cat([torch.ones(32, 1), t], 1)])
        loss = obeyed + begun + (model(ends) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        yield loss.item()
    return model


def picture(torch: Any, model: Any, losses: list[float]) -> Picture:
    n = 50
    x, t = np.meshgrid(np.linspace(0, 1, n), np.linspace(0, 1, n))
    with torch.no_grad():
        points = torch.tensor(np.stack([x.ravel(), t.ravel()], 1), dtype=torch.get_default_dtype())
        found = model(points).numpy().reshape(n, n)
    exact = truth(x, t)
    drawing = Picture(760, 345)
    for place, (title, values, bound) in enumerate(
        [("the network", found, 1.0), ("the solution", exact, 1.0), ("their difference, 20 times", found - exact, 0.05)]
    ):
        drawing.words(20 + place * 245, 24, title, 13)
        drawing.grid(values, 20 + place * 245, 34, 4.5, -bound, bound)
    drawing.words(20, 276, "x to the right, time downwards", 12, "#777")
    drawing.words(20, 300, f"largest error {np.abs(found - exact).max():.4f}", 13)
    drawing.curve([math.log10(loss) for loss in losses], 510, 268, 225, 50, "#333")
    drawing.words(430, 296, "log10 loss", 12, "#777")
    return drawing


if __name__ == "__main__":
    show(train, picture, 1500)
