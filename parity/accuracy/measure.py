"""Measuring: one operator in one dtype at many points, by two engines and the truth; prints nothing."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity import truth
from parity.accuracy.points import Case, cases, points
from parity.catalogue import CATALOGUE
from parity.engines import reference as torch_reference
from parity.engines import resolve
from parity.program import Array
from parity.strategies.dtypes import KIND

DTYPES = ("float16", "float32", "float64")
#: Errors beyond this are shown as such: a 0 where there should be a number is not so many ulp off.
HOPELESS = 1e18


@dataclass(frozen=True)
class Worst:
    """The largest error of one engine, in ulp, and where it is."""

    ulps: float
    at: float


@dataclass(frozen=True)
class Row:
    """What was measured: the reference's and the subject's worst, of values and of gradients (None without any)."""

    label: str
    op: str
    dtype: str
    count: int
    value: tuple[Worst, Worst]
    gradient: tuple[Worst, Worst] | None


def selected(ops: Sequence[str] | None = None) -> list[Case]:
    """The cases of the catalogue, or of some of its operators; another place of the same operator is left out."""
    roots = {name for name in CATALOGUE if "." not in name}
    return [
        case
        for name, spec in CATALOGUE.items()
        if (name in ops if ops else "." not in name or name.rpartition(".")[2] not in roots)
        for case in cases(spec)
    ]


def has(case: Case, dtype: str) -> bool:
    """Whether torch has a kernel for it."""
    return KIND[dtype] in case.spec.dtypes


def measured(target: str, todo: Iterable[tuple[Case, str]], *, count: int = 10_000, jobs: int = 1) -> Iterator[Row]:
    """A row for each case and dtype, in their order."""
    tasks = [(target, case, dtype, count) for case, dtype in todo]
    if jobs == 1 or len(tasks) < 2:
        yield from map(_row, tasks)
        return
    # Several processes: their own threads would only get in each other's way.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(_row, tasks)


def _row(task: tuple[str, Case, str, int]) -> Row:
    target, case, name, count = task
    dtype = np.dtype(name)
    subject = resolve(target)
    with torch_reference.settings() as reference, np.errstate(all="ignore"):
        x = points(case, dtype, count, lambda at: answer(reference, case, at))
        theirs, ours = answer(reference, case, x), answer(subject, case, x)
    exact = truth.at_points(case.spec.name, x, case.before, case.named)
    value = (_worst(exact.value_errors(theirs[0]), x), _worst(exact.value_errors(ours[0]), x))
    if np.isnan(theirs[1]).all():
        return Row(case.label, case.spec.name, name, x.size, value, None)
    gradient = (_worst(exact.derivative_errors(theirs[1]), x), _worst(exact.derivative_errors(ours[1]), x))
    return Row(case.label, case.spec.name, name, x.size, value, gradient)


def answer(engine: Any, case: Case, x: Array) -> tuple[Array, Array]:
    """An engine's values and gradients; all nan where it has no gradient."""
    leaf = engine.tensor(x.copy(), True)
    out = engine.call(case.spec.name, (*case.before, leaf), case.named, "function")
    gradient = None
    if engine.requires_grad(out):
        with contextlib.suppress(NotImplementedError):
            (gradient,) = engine.grad([out], [leaf], [engine.tensor(np.ones_like(x), False)], False)
    value = engine.array(out)
    return value, np.full(x.shape, np.nan, x.dtype) if gradient is None else engine.array(gradient)


def _worst(errors: Array, x: Array) -> Worst:
    if np.isnan(errors).all():
        return Worst(float("nan"), float("nan"))
    place = int(np.nanargmax(errors))
    return Worst(float(errors[place]), float(x[place]))
