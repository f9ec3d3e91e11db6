"""One state of an engine, timed: takes workloads by name from its input, answers seconds of CPU time as JSON lines.

Runs as a script by its path, on whatever checkout its PYTHONPATH names; so it imports nothing of parity.
"""

from __future__ import annotations

import gc
import importlib
import json
import random
import sys
import time
from collections.abc import Callable
from typing import Any

Run = Callable[[], Any]


def _numbers(lib: Any, *shape: int, requires_grad: bool = False) -> Any:
    source = random.Random(0)

    def nested(shape: tuple[int, ...]) -> Any:
        return [nested(shape[1:]) for _ in range(shape[0])] if shape else source.uniform(0.1, 0.9)

    return lib.tensor(nested(shape), dtype=lib.float32, requires_grad=requires_grad)


def chain(lib: Any) -> Run:
    """200 operators on a number."""
    x = _numbers(lib, requires_grad=True)

    def run() -> None:
        y = x
        for _ in range(100):
            y = y * x + 0.5
        y.backward()

    return run


def elementwise(lib: Any) -> Run:
    """Functions of 60,000 numbers."""
    x = _numbers(lib, 200, 300, requires_grad=True)
    return lambda: (lib.exp(x) * lib.tanh(x) + lib.log(x)).sum().backward()


def layers(lib: Any) -> Run:
    """A step of a network of two layers, with a batch of 64."""
    x, first, second = _numbers(lib, 64, 100), _numbers(lib, 100, 80, requires_grad=True), _numbers(lib, 80, 10)
    return lambda: lib.log_softmax((x @ first).relu() @ second, 1).mean().backward()


def reductions(lib: Any) -> Run:
    """Sums, means and largest elements along either dimension."""
    x = _numbers(lib, 200, 200, requires_grad=True)
    return lambda: (x.sum(0) + x.mean(1) + x.amax(0)).sum().backward()


def views(lib: Any) -> Run:
    """Slices, transposes, reshapes."""
    x = _numbers(lib, 60, 60, requires_grad=True)

    def run() -> None:
        total = x.sum()
        for row in range(30):
            total = total + (x[row] * x.t()[row + 1]).sum() + x.reshape(-1)[row]
        total.backward()

    return run


WORKLOADS: dict[str, Callable[[Any], Run]] = {
    work.__name__: work for work in (chain, elementwise, layers, reductions, views)
}


def main(target: str) -> None:
    module = importlib.import_module(target)
    print(json.dumps({"file": module.__file__, "workloads": list(WORKLOADS)}), flush=True)
    ready: dict[str, Run] = {}
    for line in sys.stdin:
        name, repeat = json.loads(line)
        try:
            if name not in ready:
                ready[name] = WORKLOADS[name](module)
                ready[name]()
            run = ready[name]
            gc.collect()
            started = time.process_time()
            for _ in range(repeat):
                run()
            answer: dict[str, Any] = {"seconds": (time.process_time() - started) / repeat}
        except Exception as error:  # what one state of the engine lacks is no reason to stop
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
