"""A cloud of points bent into a ring by planar flows (Rezende and Mohamed, 2015).

    python -m examples.flow --engine autodiff

Draw points from a normal distribution, z; each layer pushes them along one direction, by how they lie to a plane:
z + u tanh(w z + b). How much room a layer makes or takes is known in closed form, so the density of what comes out is
known too. The loss is how much that density differs from the wanted one, from samples alone: the mean of
log q(z) - log p(z). No data is needed, only a function that says how likely each place ought to be.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np

from examples.picture import Picture
from examples.stage import show

LAYERS, BATCH = 16, 256


def wanted(torch: Any, z: Any) -> Any:
    """The logarithm of how likely a place is, but for a constant: two arcs of a ring."""
    length = z.norm(dim=1)
    sides = torch.logaddexp(-0.5 * ((z[:, 0] - 2) / 0.6) ** 2, -0.5 * ((z[:, 0] + 2) / 0.6) ** 2)
    return sides - 0.5 * ((length - 2) / 0.4) ** 2


class Flow:
    """Planar layers, each with a direction u, a plane w and b."""

    def __init__(self, torch: Any) -> None:
        self.torch = torch
        self.u, self.w = (torch.nn.Parameter(torch.randn(LAYERS, 2) * 0.3) for _ in range(2))
        self.b = torch.nn.Parameter(torch.zeros(LAYERS))

    def __call__(self, z: Any) -> tuple[Any, Any]:
        """Where points end up, and the logarithm of how much room each got."""
        torch, room = self.torch, 0.0
        for u, w, b in zip(self.u, self.w, self.b):
            # A layer may be undone only if u has no more than one length against w.
            along = (w * u).sum()
            u = u + (torch.nn.functional.softplus(along) - 1 - along) * w / (w * w).sum()
            h = torch.tanh(z @ w + b)
            room = room + torch.log(1 + (1 - h**2) * (w * u).sum())
            z = z + u * h[:, None]
        return z, room


def train(torch: Any, steps: int) -> Generator[float, None, Any]:
    torch.manual_seed(2)
    flow = Flow(torch)
    optimizer = torch.optim.Adam([flow.u, flow.w, flow.b], lr=2e-2)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.999)
    for step in range(steps):
        start = torch.randn(BATCH, 2)
        z, room = flow(start)
        before = -0.5 * (start**2).sum(1) - math.log(2 * math.pi)
        # At first the wanted density counts little, so that no side of the ring is forgotten.
        share = min(1.0, 0.05 + step / 500)
        loss = (before - room - share * wanted(torch, z)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        yield loss.item()
    return flow


def picture(torch: Any, flow: Flow, losses: list[float]) -> Picture:
    drawing, n, reach = Picture(760, 300), 48, 4.0
    with torch.no_grad():
        places = np.linspace(-reach, reach, n)
        x, y = np.meshgrid(places, -places)
        points = torch.tensor(np.stack([x.ravel(), y.ravel()], 1), dtype=torch.get_default_dtype())
        ought = np.exp(wanted(torch, points).numpy()).reshape(n, n)
        start = torch.randn(20000, 2)
        ends = flow(start)[0].numpy()
    counts = [
        np.histogram2d(-cloud[:, 1], cloud[:, 0], bins=n, range=[[-reach, reach]] * 2)[0]
        for cloud in (start.numpy(), ends)
    ]
    for place, (title, values) in enumerate([("drawn", counts[0]), ("bent", counts[1]), ("wanted", ought)]):
        drawing.words(20 + place * 245, 24, title, 13)
        top = float(np.quantile(values, 0.99)) or 1.0
        drawing.grid(values, 20 + place * 245, 34, 4.7, -top, top)
    drawing.words(20, 286, f"loss {sum(losses[-50:]) / len(losses[-50:]):.3f} (mean of the last 50 steps)", 13)
    return drawing


if __name__ == "__main__":
    show(train, picture, 1500)
