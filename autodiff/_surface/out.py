"""`out=`: writing a result into a tensor that the caller brings."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autodiff._core import dtypes, return_types
from autodiff._core.casting import exempt
from autodiff._core.inplace import check_writable
from autodiff._core.modes import duals, state
from autodiff._core.tangents import has_any
from autodiff._core.tensor import Tensor, written
from autodiff._kernels.flags import anyway
from autodiff._surface.given import SHOWN
from autodiff._surface.signatures import LateSignature

RESIZED = (
    "An output with one or more elements was resized since it had shape {old}, which does not match the required "
    "output shape {new}. This behavior is deprecated, and in a future PyTorch release outputs will not be resized "
    "unless they have zero elements. You can explicitly reuse an out tensor t by resizing it, inplace, to zero "
    "elements with t.resize_(0)."
)


#: Refused wherever gradients are on, in inference mode too: torch asks inside, where others ask on the way to a node.
_BY_GRAD_MODE = frozenset(["matmul"])


def _with_out(signature: inspect.Signature) -> inspect.Signature:
    """The same with `out` at its end."""
    added = inspect.Parameter("out", inspect.Parameter.KEYWORD_ONLY, default=None)
    listed = list(signature.parameters.values())
    last = len(listed) - (listed[-1].kind is inspect.Parameter.VAR_KEYWORD)
    return signature.replace(parameters=[*listed[:last], added, *listed[last:]])


class Writing(NamedTuple):
    """How one function writes into `out`."""

    name: str
    #: Its result has a derivative, which writing would lose.
    differentiable: bool = True
    #: It makes tensors out of nothing, in the dtype of `out` if there is one.
    new: bool = False
    #: It refuses other dtypes.
    exact: bool = False
    #: It refuses dtypes of another kind, complex for real or real for complex.
    alike: bool = False
    #: What it raises for a dtype that cannot hold the result.
    refusal: type[Exception] = RuntimeError
    #: That is bool, which any dtype holds.
    compares: bool = False
    #: How often the write counts, of the operands; once if None.
    counts: Callable[..., int] | None = None


def with_out(function: Callable[..., Any], writing: Writing) -> Callable[..., Any]:
    """The function with torch's keyword `out=`: a tensor, or one per result."""

    if _of_input_alone(function):

        @functools.wraps(function, SHOWN)
        def public(input: Any, *, out: Any = None) -> Any:
            # Without tuples and dictionaries on the way: most pointwise functions.
            return function(input) if out is None else _into(out, function, (input,), {}, writing)

    else:

        @functools.wraps(function, SHOWN)
        def public(*args: Any, out: Any = None, **kwargs: Any) -> Any:
            if out is None:
                return function(*args, **kwargs)
            return _into(out, function, args, kwargs, writing)

    public.__signature__ = LateSignature(function, _with_out)  # type: ignore[attr-defined]
    return public


def _of_input_alone(function: Any) -> bool:
    code = getattr(function, "__code__", None)
    return (
        code is not None
        and code.co_varnames[: code.co_argcount] == ("input",)
        and not code.co_kwonlyargcount
        and not code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)
        and not hasattr(function, "__wrapped__")
    )


def _into(
    out: Any, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], writing: Writing
) -> Any:
    name, differentiable, new, exact, alike, refusal, compares, counts = writing
    if state.maps:
        raise RuntimeError(f"vmap: {name}() cannot write into out=, which is one tensor for all samples")
    given = (x for a in (*args, *kwargs.values()) for x in (a if isinstance(a, (list, tuple)) else (a,)))
    tensors = [x for x in given if isinstance(x, Tensor)]
    outs = list(out) if isinstance(out, (tuple, list)) else [out]
    for target in outs or (out,):
        if not isinstance(target, Tensor):
            raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(target).__name__}")
    recording = state.grad_mode if name in _BY_GRAD_MODE else state.grad
    if differentiable and recording and any(t.requires_grad for t in (*tensors, *outs)):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )
    if duals and has_any((*tensors, *outs)):
        raise NotImplementedError(
            f"Trying to use forward AD with {name}_out that does not support it because it is an out= function"
        )
    if new:
        _take_dtype(kwargs, out)
    try:
        result = exempt(function)(*args, **kwargs)
    except NotImplementedError:
        if not compares:
            _check_cast((*args, *kwargs.values()), outs)
        raise
    results = list(result) if isinstance(result, tuple) else [result]
    if len(outs) != len(results):
        raise TypeError(f"{name}(): expected {len(results)} tensors in out, got {len(outs)}")
    for target, value in zip(outs, results):
        if exact and isinstance(target, Tensor) and target._array.dtype is not value._array.dtype:
            raise RuntimeError(
                f"the output given to {name} has dtype {dtypes.title(target._array.dtype)} but the operation's "
                f"result requires dtype {dtypes.title(value._array.dtype)}"
            )
        if alike and target._array.dtype.kind != value._array.dtype.kind:
            wanted = "complex" if value._array.dtype.kind == "c" else "floating point"
            raise RuntimeError(f"{name} expects a {wanted} output tensor, but got {dtypes.title(target._array.dtype)}")
        if not dtypes.can_cast(value._array.dtype, target._array.dtype):
            raise refusal(
                f"{name}(): result type {dtypes.title(value._array.dtype)} can't be cast to the desired output "
                f"type {dtypes.title(target._array.dtype)}"
            )
        write(target, value, 1 if counts is None else counts(*args, **kwargs), args)
    return return_types.written(type(result))(*outs) if isinstance(result, return_types.Results) else out


def _check_cast(operands: tuple[Any, ...], outs: list[Tensor]) -> None:
    """Raise where `out` could not hold the operands' dtype: torch looks at that before it looks for a kernel."""
    given = [x._array if isinstance(x, Tensor) else x for x in operands]
    if len(given) < 2 or not all(isinstance(x, (bool, int, float, complex, np.ndarray, np.generic)) for x in given):
        return
    d = dtypes.result_type(given)
    for out in outs:
        if not dtypes.can_cast(d, out._array.dtype):
            wanted = dtypes.title(out._array.dtype)
            raise RuntimeError(
                f"result type {dtypes.title(d)} can't be cast to the desired output type {wanted}"
            ) from None


def _take_dtype(kwargs: dict[str, Any], out: Tensor) -> None:
    """A new tensor has the dtype of the one it is written into. Raises RuntimeError where both are given and differ."""
    asked = kwargs.setdefault("dtype", out.dtype)
    if asked is not None and asked is not out.dtype:
        names = dtypes.title(asked.numpy), dtypes.title(out.dtype.numpy)
        raise RuntimeError(f"dtype {names[0]} does not match dtype of out parameter ({names[1]})")
    kwargs["dtype"] = out.dtype


def write(out: Tensor, value: Tensor, times: int = 1, operands: Sequence[Any] = ()) -> None:
    """Put a value, made of the operands, into `out`, resized if need be; the write counts so many times."""
    check_writable(out)
    if out._array.shape != value._array.shape:
        if out._array.size:
            warnings.warn(
                RESIZED.format(old=list(out._array.shape), new=list(value._array.shape)), UserWarning, stacklevel=5
            )
        out._array = np.empty(value._array.shape, out._array.dtype)
    anyway(np.copyto, out.memory(), dtypes.converted(value._array, out._array.dtype), casting="unsafe")
    for _ in range(times):
        written(out, operands)
