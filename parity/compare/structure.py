"""What is compared without any number: errors, dtypes, shapes, None, requires_grad, shared memory, inputs."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from parity.compare.verdict import Check, Mismatch
from parity.engines.interpreter import writes
from parity.engines.protocol import Array, Raised, Run, Value
from parity.program import Program, Ref

#: What an engine says that has no derivative of this order, besides NotImplementedError.
_NO_DERIVATIVE = re.compile(
    r"not (?:implemented|supported)|no second derivative|not differentiable|once_differentiable", re.I
)


def differences(program: Program, reference: Run, subject: Run) -> Iterator[Mismatch]:
    """Every difference of structure, in the order of the program."""
    names = reference.engine, subject.engine
    error = _errors(reference, subject)
    if error:
        yield error
    inputs = len(program.inputs)
    for where, (a, b) in enumerate(zip(reference.values, subject.values)):
        if not _alike(a, b):
            yield from _arrays("value", where, a, b, names)
    for where, (p, q) in enumerate(zip(reference.requires_grad, subject.requires_grad)):
        if p != q and where >= inputs:
            yield _mismatch("requires_grad", where, p, q, names)
    resolved: dict[int, int | None] = {}
    for where, (i, j) in enumerate(zip(reference.aliases, subject.aliases), start=inputs):
        if i is None and j is not None and _resolved_first(program, reference, where):
            resolved[where] = j
        elif i != j and not (i in resolved and resolved[i] == j):
            yield _mismatch("alias", where, i, j, names)
    changed = set(reference.touched) ^ set(subject.touched)
    for where in sorted(changed - written(program, reference)):
        ours, theirs = (_touch(where in run.touched) for run in (reference, subject))
        yield _mismatch("touched", where, ours, theirs, names)
    for where in sorted(set(reference.seeds_touched) ^ set(subject.seeds_touched)):
        ours, theirs = (_touch(where in run.seeds_touched) for run in (reference, subject))
        yield _mismatch("touched", where, ours, theirs, names, what="the gradient handed in for a value")
    if error:
        return  # one side has no gradients to compare
    pairs: tuple[tuple[Check, Any, Any], ...] = (
        ("gradient", reference.gradients, subject.gradients),
        ("second", reference.second, subject.second),
    )
    if lacks_derivative(reference.error) or lacks_derivative(subject.error):
        # An order of derivative that only one side has is no difference.
        pairs = pairs[:1] if "backward" not in _moments(reference, subject) else ()
    for check, ours, theirs in pairs:
        for where, a, b in zip(program.differentiable, ours, theirs):
            # Whether a second derivative that is zero everywhere is recorded at all is an engine's own affair.
            if check == "gradient" or (a is not None and b is not None):
                yield from _arrays(check, where, a, b, names)


def conventional(ours: Sequence[Array | None], theirs: Sequence[Array | None]) -> list[Array | None]:
    """Gradients of an engine that does not tell unused inputs from zeros, None and zeros as the reference has them."""
    return [
        b if (a is None) is (b is None) or not _zeros(b if a is None else a)
        else None if a is None else np.zeros_like(a)
        for a, b in zip(ours, theirs)
    ]  # fmt: skip


def _zeros(array: Array | None) -> bool:
    return array is not None and not array.any()


def written(program: Program, run: Run) -> set[int]:
    """The inputs that steps write into: what they hold in the end is compared as those steps' values."""
    inputs = len(program.inputs)
    found: set[int] = set()
    for step in program.steps:
        if writes(step):
            target = step.kwargs.get("out", step.args[0] if step.args else None)
            number = target.index if isinstance(target, Ref) else None
            while number is not None and inputs <= number < inputs + len(run.aliases):
                number = run.aliases[number - inputs]
            if number is not None:
                found.add(number)
    return found


def _resolved_first(program: Program, run: Run, where: int) -> bool:
    """Whether a value is made of a lazy conjugate, which the engine may have had to resolve."""
    return bool(run.lazy) and any(ref.index in run.lazy for ref in program.steps[where - len(program.inputs)].refs())


def _touch(changed: bool) -> str:
    return "changes it" if changed else "leaves it alone"


def lacks_derivative(error: Raised | None) -> bool:
    """Whether an engine stopped because it has no derivative of that order, not because it went wrong."""
    if error is None or error.moment not in ("backward", "second"):
        return False
    return error.type == "NotImplementedError" or bool(_NO_DERIVATIVE.search(error.message))


def _moments(*runs: Run) -> set[str]:
    return {run.error.moment for run in runs if run.error is not None}


def _errors(reference: Run, subject: Run) -> Mismatch | None:
    a, b = reference.error, subject.error
    if (a is None and b is None) or lacks_derivative(a) or lacks_derivative(b):
        return None
    if a is not None and b is not None and a.moment == b.moment and same_family(a.type, b.type):
        return None
    return Mismatch(
        check="error",
        where=_place(a or b, reference),
        item=None,
        element=(),
        reference=a,
        subject=b,
        allowed=None,
        truth=None,
        blame="subject",
        reason=f"{reference.engine} {_told(a)}, {subject.engine} {_told(b)}",
    )


def _told(error: Raised | None) -> str:
    return "raises nothing" if error is None else f"raises {error.type} in {error.moment}"


def _place(error: Raised | None, run: Run) -> int:
    inputs = len(run.values) - len(run.aliases)
    moment = "" if error is None else error.moment
    return inputs + int(moment.removeprefix("step ")) if moment.startswith("step ") else -1


def same_family(expected: str, given: str) -> bool:
    """A builtin exception may be answered by itself or a subclass; any other by its own name, public or not."""
    if expected.lstrip("_") == given.lstrip("_"):
        return True
    a, b = (getattr(builtins, name, None) for name in (expected, given))
    return isinstance(a, type) and isinstance(b, type) and issubclass(b, a)


def _alike(a: Value, b: Value) -> bool:
    """Whether both are one array of the same kind: most are, and then nothing else need be looked at."""
    single = isinstance(a, np.ndarray) and isinstance(b, np.ndarray)
    return single and a.shape == b.shape and a.dtype == b.dtype  # type: ignore[union-attr]


def alike(a: Value, b: Value) -> bool:
    """Whether two values differ in numbers at most."""
    return _alike(a, b) or not any(_arrays("value", 0, a, b, ("", "")))


def _arrays(check: Check, where: int, a: Value, b: Value, names: tuple[str, str]) -> Iterator[Mismatch]:
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        for item, (p, q) in enumerate(zip(a, b)):
            yield from _array(check, where, item, p, q, names)
    elif isinstance(a, tuple) or isinstance(b, tuple):
        yield _mismatch("shape", where, _outputs(a), _outputs(b), names)
    else:
        yield from _array(check, where, None, a, b, names)


def _array(
    check: Check, where: int, item: int | None, a: Array | None, b: Array | None, names: tuple[str, str]
) -> Iterator[Mismatch]:
    if a is None or b is None:
        if (a is None) is not (b is None):
            yield _mismatch("none", where, _presence(a), _presence(b), names, item, _WHAT[check])
    elif a.shape != b.shape:
        yield _mismatch("shape", where, a.shape, b.shape, names, item, _WHAT[check])
    elif a.dtype != b.dtype:
        yield _mismatch("dtype", where, a.dtype.name, b.dtype.name, names, item, _WHAT[check])


def _presence(array: Array | None) -> str:
    return "None" if array is None else f"{array.dtype.name}{list(array.shape)}"


def _outputs(value: Value) -> str:
    return f"{len(value)} outputs" if isinstance(value, tuple) else "one output"


_WHAT = {"value": "a value", "gradient": "a gradient", "second": "a second derivative"}
_SAYS = {
    "none": "is there in one engine only",
    "shape": "has another shape",
    "dtype": "has another dtype",
    "requires_grad": "requires grad in one engine only",
    "alias": "shares its memory with another value",
    "touched": "is changed by one engine only",
}


def _mismatch(
    check: Check,
    where: int,
    a: Any,
    b: Any,
    names: tuple[str, str],
    item: int | None = None,
    what: str = "a value",
) -> Mismatch:
    subject = "an input" if check == "touched" and what == "a value" else what
    reason = f"{subject} {_SAYS[check]}: {names[0]} {_short(a)}, {names[1]} {_short(b)}"
    return Mismatch(check, where, item, (), a, b, None, None, "subject", reason)


def _short(x: Any) -> str:
    return str(list(x)) if isinstance(x, tuple) and not isinstance(x, np.ndarray) else str(x)
