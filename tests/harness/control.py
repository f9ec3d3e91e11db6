"""A second evaluation of sixty operators, written apart: a small tape in plain NumPy over `control_formulas`.

Served as an engine, it is a correct subject with other bits: every alarm on it is a false one.

`python -m tests.harness.control --programs 100000 --seed 0` prints the alarms after the confirming step.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import time
from collections import Counter

import numpy as np

from parity.catalogue import CATALOGUE
from parity.compare import compare
from parity.engines import reference
from parity.engines.interpreter import writes
from parity.strategies.drawing import draw_program
from parity.strategies.source import Seeded
from tests.harness.control_formulas import TABLE, fitted

_ids = itertools.count()


class Value:
    """An array, and how gradients go on from it: pairs of a parent and its vector-Jacobian product."""

    def __init__(self, array, parents=(), leaf=False):
        self.array, self.leaf, self.number = np.asarray(array), leaf, next(_ids)
        self.parents = [(parent, vjp) for parent, vjp in parents if parent.requires_grad]
        self.requires_grad = leaf or (bool(self.parents) and self.array.dtype.kind == "f")


# -- the engine --------------------------------------------------------------------------------------------------------


class Control:
    """The table as an engine: values and first gradients."""

    name, version, shares_memory = "control", "1", False

    def tensor(self, array, requires_grad):
        return Value(np.array(array), leaf=requires_grad)

    def array(self, value):
        return value.array

    def requires_grad(self, value):
        return value.requires_grad

    def dtype(self, name):
        return getattr(np, name)

    def supports(self, op, spelling="function"):
        return op in TABLE and spelling in ("function", "method", "operator")

    def call(self, op, args, kwargs, spelling):
        values = []

        def opened(part):
            if isinstance(part, Value):
                values.append(part)
                return part.array
            return [opened(p) for p in part] if isinstance(part, list) else part

        arrays = [opened(a) for a in args]
        options = {key: opened(part) for key, part in kwargs.items()}
        cast = options.pop("dtype", None)
        own = values[0].array.dtype if values else None
        if cast is not None:
            arrays[0] = arrays[0].astype(cast)
        with np.errstate(all="ignore"):
            out, vjps = TABLE[op](*arrays, **options)
        floating = [v.array for v in values if v.array.dtype.kind == "f"]
        # Beside arrays of a kind of number, a 0-dim one of the same kind does not count.
        floats = [array.dtype for array in [a for a in floating if a.ndim] or floating]
        kind = cast or (_of_whole(op, np.asarray(out), values) if not floats else np.result_type(*floats))
        parents = [(v, vjp) for v, vjp in zip(values, vjps) if vjp is not None]
        out = np.asarray(out, kind)
        if cast is not None and parents:
            (parent, vjp), *rest = parents
            parents = [(parent, lambda g: vjp(g).astype(own)), *rest]
        return Value(out, parents)

    def grad(self, outputs, inputs, seeds, create_graph):
        if create_graph:
            raise NotImplementedError("first derivatives only")
        found, queue = {}, {}
        for output, seed in zip(outputs, seeds):
            found[output.number] = found.get(output.number, 0) + seed.array
            queue[output.number] = output
        with np.errstate(all="ignore"):
            while queue:
                value = queue.pop(max(queue))
                for parent, vjp in value.parents:
                    g = fitted(np.asarray(vjp(found[value.number])), parent.array.shape).astype(parent.array.dtype)
                    found[parent.number] = g + found[parent.number] if parent.number in found else g
                    queue[parent.number] = parent
        return [Value(found[x.number]) if x.number in found else None for x in inputs]


def _of_whole(op, out, values):
    """The dtype of what is made of whole numbers: what is floating then is float32, whatever NumPy makes of it."""
    if out.dtype.kind != "f" or not values:
        return out.dtype
    return values[0].array.dtype if op == "abs" else np.dtype(np.float32)


# -- false alarms ------------------------------------------------------------------------------------------------------


#: Options that make an operator another one.
_OTHER = frozenset(["dtype", "rounding_mode"])


def alarms(count, seed=0, show=None):
    """How so many programs are decided on the control; none of them ought to differ."""
    decided = Counter()
    control, ops = Control(), tuple(name for name in TABLE if name in CATALOGUE)
    with reference.settings() as torch:
        for number in itertools.count(seed << 32):
            if sum(decided.values()) == count:
                return decided
            dtype = "float64" if number % 2 else "float32"
            program, run = draw_program(Seeded(number), torch, ops=ops, dtypes=(dtype,), order=1)
            if run.error is not None or any(writes(s) or _OTHER & s.kwargs.keys() for s in program.steps):
                continue
            verdict = compare(program, torch, control, reference_run=run)
            decided[verdict.decided if verdict.status == "agrees" else verdict.status] += 1
            if verdict.status in ("differs", "unsupported") and show is not None:
                show(number, program, verdict)


def _part(job):
    found = []
    decided = alarms(*job, show=lambda *what: found.append(what))
    return decided, found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    started = time.monotonic()
    shares = [(options.programs // options.jobs, options.seed * options.jobs + n) for n in range(options.jobs)]
    with multiprocessing.get_context("spawn").Pool(options.jobs) as pool:
        parts = pool.map(_part, shares)
    decided = sum((part for part, _ in parts), Counter())
    for _, found in parts:
        for number, program, verdict in found[:10]:
            print(f"seed {number}: {program!r}\n{verdict}\n")
    print(f"{len(TABLE)} operators, {sum(decided.values())} programs: {dict(decided)}, "
          f"{decided['differs']} alarms after the confirming step, {time.monotonic() - started:.0f} s")  # fmt: skip


if __name__ == "__main__":
    main()
