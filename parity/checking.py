"""The library's doors: `check` says how engines compare, `assert_parity` insists that they agree."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from parity import corpus
from parity.compare.verdict import Failure, Verdict
from parity.emit.history import history_test
from parity.emit.test_file import as_test
from parity.engines import reference as torch_reference
from parity.engines import resolve
from parity.engines.torchlike import TorchLike
from parity.errors import ParityError, UsageError
from parity.judging import about, judge
from parity.leaves import as_array
from parity.program import Array, Input, Program, Regime
from parity.recording import record
from parity.report.text import failure_text, verdict_line

#: Reproducers of more lines than this stay in their file.
_NOTE_LINES = 60


class UndecidedWarning(UserWarning):
    """The program is too unstable at this point to judge anybody on it."""


@dataclass(frozen=True, slots=True)
class Result:
    """What `check` found: true if the engines agree, and printable as a report."""

    program: Program
    verdict: Verdict
    failure: Failure | None
    subject: str
    reference: str
    #: The id under which a failure was kept, "" otherwise.
    id: str = ""

    @property
    def agrees(self) -> bool:
        return self.verdict.status == "agrees"

    def __bool__(self) -> bool:
        return self.agrees

    def __str__(self) -> str:
        if self.failure is not None:
            return failure_text(self.failure, self.id or None)
        return verdict_line(self.verdict, self.subject, self.reference)


def check(
    program: Program | Callable[..., Any],
    *values: Any,
    engine: Any = "autodiff",
    order: int = 1,
    dtype: str | None = None,
    seed: int = 0,
    regime: Regime = "smooth",
    cotangents: Sequence[Array] | None = None,
    second: Sequence[Array | None] | None = None,
    shrink: bool = True,
    keep: bool = False,
) -> Result:
    """Run a program, or a function recorded into one, on torch and on `engine`, and compare.

    Python floats become float64 tensors that require grad, as do float arrays, nested lists and tensors;
    integers and booleans do not. `dtype` converts the floating ones. A first parameter `lib` receives the
    namespace; operators, methods and torch's own functions are recorded without it. `order` is the highest
    order of derivative that is compared; `keep` writes a failure to `.parity/`, so that it can be replayed.
    Under Hypothesis, which shrinks by itself, say `shrink=False`.
    """
    if order not in (0, 1, 2):
        raise UsageError(f"order is 0, 1 or 2, got {order!r}")
    subject = as_engine(engine)
    with torch_reference.settings() as reference:
        if not isinstance(program, Program):
            leaves = [as_input(value, dtype) for value in values]
            program = record(
                program, leaves, reference,
                order=order, seed=seed, regime=regime, cotangents=cotangents, second=second,
            )  # fmt: skip
        elif values:
            raise UsageError(f"a program has its own inputs, but {len(values)} values were given")
        found = judge(program, reference, subject, shrinking=shrink)
    kept = ""
    if found.failure is not None and keep:
        path = corpus.keep(found.failure.program, about(found.failure))
        kept = corpus.shortest(path.stem)
    return Result(program, found.verdict, found.failure, subject.name, reference.name, kept)


def assert_parity(
    function: Program | Callable[..., Any],
    *values: Any,
    engine: Any = "autodiff",
    order: int = 1,
    dtype: str | None = None,
    **options: Any,
) -> None:
    """Raise ParityError, with the report and a reproducer, unless the engine agrees; else as `check`.

    What the engine lacks is a UsageError, since nothing was compared; an unstable program is a warning.
    """
    __tracebackhide__ = True
    result = check(function, *values, engine=engine, order=order, dtype=dtype, **{"keep": True, **options})
    if result.failure is not None:
        raise difference(result.failure, str(result))
    if result.verdict.status == "unsupported":
        raise UsageError(str(result))
    if result.verdict.status == "undecided":
        warnings.warn(str(result), UndecidedWarning, stacklevel=2)


def difference(failure: Failure, report: str) -> ParityError:
    """The exception for a failure: its class is one per check and operator, its note is a test to keep."""
    first = failure.verdict.mismatches[0]
    error = difference_class(first.check, first.op)(f"\n{report}")
    written = history_test if failure.program.history else as_test
    text = written(failure.program, engine=failure.subject, label=first.op or first.check)
    if text.count("\n") <= _NOTE_LINES:
        error.add_note(f"As a test to keep:\n\n{text}")
    return error


@functools.cache
def difference_class(check: str, op: str) -> type[ParityError]:
    """One class per check and operator: Hypothesis takes failures of the same type and line for one bug."""
    name = f"{check.title().replace('_', '')}Differs" + (f"_{op.replace('.', '_')}" if op else "")
    return type(name, (ParityError,), {"__doc__": f"The {check} of {op or 'a program'} differs."})


def as_engine(engine: Any) -> Any:
    """An engine by its module's name, the module itself, or anything that is an engine already."""
    if isinstance(engine, str):
        return resolve(engine)
    return TorchLike(engine) if isinstance(engine, ModuleType) else engine


def as_input(value: Any, dtype: str | None = None) -> Input:
    """A value handed to `check` as a leaf: floating and complex ones require grad."""
    if isinstance(value, Input):
        return value
    array = as_array(value)
    if array.dtype.kind in "fc":
        return Input(array if dtype is None else array.astype(_dtype(dtype)), True)
    return Input(array)


def _dtype(name: str) -> np.dtype[Any]:
    allowed = ("float16", "float32", "float64", "complex64", "complex128")
    if name not in allowed:
        raise UsageError(f"unknown dtype {name!r}; there are {', '.join(allowed)}")
    return np.dtype(name)
