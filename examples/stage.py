"""What every example is run with: an engine by its name, a progress bar, a picture at the end; knows no example."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from examples.picture import Picture

#: Yields the loss of each step, and returns what the picture is drawn from.
Training = Callable[[Any, int], Generator[float, None, Any]]

_WIDTH = 32


def show(train: Training, draw: Callable[[Any, Any, list[float]], Picture], steps: int) -> None:
    """Run an example from the command line: `--engine torch|autodiff --steps N --picture FILE.svg`."""
    name = Path(sys.argv[0]).stem
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--engine", choices=("autodiff", "torch"), default="autodiff")
    parser.add_argument("--steps", type=int, default=steps, help=f"default: {steps}")
    parser.add_argument("--picture", type=Path, default=Path(f"{name}.svg"), help=f"default: {name}.svg")
    options = parser.parse_args()
    torch = importlib.import_module(options.engine)
    result, losses = trained(train, torch, options.steps, sys.stderr)
    draw(torch, result, losses).save(options.picture)
    print(f"{name} on {options.engine}: loss {losses[0]:.4f} at first, {losses[-1]:.4f} at last; see {options.picture}")


def trained(train: Training, torch: Any, steps: int, stream: Any = None) -> tuple[Any, list[float]]:
    """Train; what came of it, and the loss of each step. A progress bar is drawn on the stream, if there is one."""
    losses: list[float] = []
    started = time.monotonic()
    going = train(torch, steps)
    while True:
        try:
            losses.append(next(going))
        except StopIteration as end:
            if stream is not None:
                print(file=stream)
            return end.value, losses
        if stream is not None:
            full = _WIDTH * len(losses) // steps
            rate = len(losses) / max(time.monotonic() - started, 1e-9)
            bar = "━" * full + "·" * (_WIDTH - full)
            print(
                f"\r{bar} {len(losses)}/{steps}  loss {losses[-1]:.4f}  {rate:.0f}/s ", end="", file=stream, flush=True
            )
