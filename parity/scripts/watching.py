"""Functions of an engine that tell what they gave: each call by the script or a layer, not those inside of it.

Knows the names of the catalogue, and no operator.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from parity.catalogue import CATALOGUE

#: Larger results are told by a few figures of theirs.
_WHOLE = 4096
#: Draws that are methods in place, or functions without a row.
_DRAWS = frozenset(
    [
        "bernoulli", "bernoulli_", "cauchy_", "exponential_", "geometric_", "log_normal_", "multinomial", "normal",
        "normal_", "poisson", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like", "random_",
        "randperm", "uniform_",
    ]
)  # fmt: skip
_OPERATORS = (
    "add", "sub", "mul", "truediv", "pow", "matmul", "neg", "getitem", "radd", "rsub", "rmul", "rtruediv", "rpow",
)  # fmt: skip
#: Who looks on.
_OURS = os.path.dirname(os.path.dirname(__file__))
#: Where layers are, in both engines.
_LAYERS = os.path.join("nn", "modules")

Tell = Callable[[str, str, str, list[Any]], None]


@contextlib.contextmanager
def watched(lib: Any, script: str, tell: Tell) -> Iterator[None]:
    """`tell(kind, name, place, arrays)` for each call within the context."""
    inside = False
    home = os.path.dirname(lib.__file__)
    changed: list[tuple[Any, str, Any]] = []
    taken: set[tuple[int, str]] = set()

    def watch(holder: Any, attribute: str, name: str) -> None:
        plain = getattr(holder, attribute, None)
        if not callable(plain) or isinstance(plain, type) or (id(holder), attribute) in taken:
            return
        taken.add((id(holder), attribute))
        kind = "draw" if name in _DRAWS or _is_random(name) else "op"

        @functools.wraps(plain)
        def told(*args: Any, **kwargs: Any) -> Any:
            nonlocal inside
            # What a library does inside of its own is its own affair; its layers call what the script would.
            caller = sys._getframe(1).f_code.co_filename
            if (
                inside
                or caller.startswith(_OURS)
                or (caller.startswith(home) and (kind == "draw" or _LAYERS not in caller))
            ):
                return plain(*args, **kwargs)
            inside = True
            try:
                result = plain(*args, **kwargs)
                tell(kind, name, _place(script), [array for part in _parts(result, lib) for array in shown(part)])
                return result
            finally:
                inside = False

        with contextlib.suppress(AttributeError, TypeError):
            setattr(holder, attribute, told)
            changed.append((holder, attribute, plain))

    for row in CATALOGUE.values():
        namespace, _, short = row.name.rpartition(".")
        holder = (
            functools.reduce(lambda at, part: getattr(at, part, None), namespace.split("."), lib) if namespace else lib
        )
        if holder is not None:
            watch(holder, short, row.name)
        if not namespace:
            watch(lib.Tensor, short, row.name)
    for short in _DRAWS:
        watch(lib, short, short)
        watch(lib.Tensor, short, short)
    for name in _OPERATORS:
        watch(lib.Tensor, f"__{name}__", name)
    try:
        yield
    finally:
        for holder, attribute, plain in reversed(changed):
            setattr(holder, attribute, plain)


def _is_random(name: str) -> bool:
    row = CATALOGUE.get(name)
    return row is not None and bool(row.tags & {"random", "stream"})


def _parts(result: Any, lib: Any) -> list[Any]:
    parts = result if isinstance(result, (tuple, list)) else [result]
    return [part for part in parts if isinstance(part, lib.Tensor)]


def shown(tensor: Any) -> list[Any]:
    """The tensor as an array; of a large one its first and last elements, its sum and its sum of magnitudes.

    Nothing of one that stands for many within a transform: neither engine lets anybody read its numbers.
    """
    bare = tensor.detach()
    try:
        array = bare.resolve_conj().numpy() if hasattr(bare, "resolve_conj") else bare.numpy()
    except RuntimeError:
        return []
    if array.size <= _WHOLE:
        return [np.array(array)]
    flat = array.reshape(-1)
    if array.dtype.kind not in "fc":
        return [np.concatenate([flat[:256], flat[-256:]])]
    wide = flat.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
    sums = np.array([wide.sum(), np.abs(wide).sum()]).astype(array.dtype)
    return [np.concatenate([flat[:256], flat[-256:], sums])]


def _place(script: str) -> str:
    """The line of the script that is running."""
    for frame in reversed(traceback.extract_stack(limit=40)):
        if frame.filename == script:
            return f"line {frame.lineno}"
    return ""
