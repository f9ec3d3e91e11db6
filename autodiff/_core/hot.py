"""The hot paths: pointwise operators of one or two operands of one dtype.

Written for speed, and for float32 and float64 only: their kernels keep the dtype and need no conjugate. A 0-dim
result that stayed a NumPy scalar is recognised by its type, which is cheaper than its dtype.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._core.modes import duals, unusual
from autodiff._core.node import Clock, HotNode, Storage, next_key
from autodiff._core.noting import note, takes_part
from autodiff._core.primitive import Primitive
from autodiff._core.promotion import promoted
from autodiff._core.tangents import carried
from autodiff._core.tensor import Tensor
from autodiff._kernels.flags import anyway, silently

new_tensor = object.__new__
ndarray, float32, float64 = np.ndarray, np.float32, np.float64
FLOAT32, FLOAT64 = np.dtype(float32), np.dtype(float64)


def unary(p: Primitive) -> Callable[[Any], Any]:
    """The hot path of a pointwise operator of one tensor."""
    kernel = p.kernel
    keeps, keeps_input, keeps_out = p.keeps, "input" in p.wants[0], "out" in p.wants[0]
    keeps_array = "input_array" in p.wants[0]

    def op(input: Any) -> Any:
        if type(input) is not Tensor and (type(input) is ndarray or not isinstance(input, Tensor)):
            return kernel(input)
        x = input._array
        if type(x) is ndarray:
            d = x.dtype
            if d is not FLOAT32 and d is not FLOAT64:
                return promoted(p, (input,))
        elif type(x) is not float32 and type(x) is not float64:
            return promoted(p, (input,))
        try:
            out = silently(kernel, x)
        except RuntimeError:
            out = anyway(kernel, x)
        t: Tensor = new_tensor(Tensor)
        t._array = out
        t._storage = t._meta = None
        edge = input._node
        if edge is not None and (not unusual or takes_part(input)):
            node = t._node = HotNode()
            node.primitive = p
            node.left = edge
            node.right = None
            node.like = edge.like
            node.hooks = None
            node.key = next_key()
            if keeps:
                node.recorded = Clock.now
                node.kept_left = input if keeps_input else None
                node.kept_out = None
                if keeps_out:
                    node.kept_out = t._storage = Storage(out)
                    if keeps_array and out.dtype is FLOAT64:
                        node.kept_left = x
        else:
            t._node = None
        if unusual:
            note(t)
            if duals:
                carried(p, (input,), {}, (t,))
        return t

    return op


def binary(
    p: Primitive, otherwise: Callable[[Primitive, tuple[Any, ...]], Any] = promoted
) -> Callable[[Any, Any], Any]:
    """The hot path of a pointwise operator of two tensors, or of a tensor and a number on either side.

    `otherwise` takes the rest.
    """
    kernel = p.kernel
    # By which operands need a gradient: whether input, other and out are kept.
    for_left, for_right, for_both = (
        tuple(name in p.active(*which) for name in (*p.inputs, "out")) for which in ((0,), (1,), (0, 1))
    )
    both_left, both_right, keeps_out = for_both
    keeps_nothing = not any(for_both)
    right, left = p.numbers != "neither", p.numbers in ("either", "both")

    def op(input: Any, other: Any) -> Any:
        # `kind` is the scalar type of operands that are NumPy scalars: then the result is one too. What a first-order
        # walk hands over, arrays, is told by its type alone: asking for subclasses takes longest where there is none.
        kind: Any = type(input)
        if kind is Tensor or (kind is not ndarray and isinstance(input, Tensor)):
            x = input._array
            an = input._node
            kind = type(x)
            if type(other) is Tensor or (type(other) is not float and isinstance(other, Tensor)):
                y = other._array
                bn = other._node
                if kind is not type(y):
                    kind = ndarray
            elif right and (type(other) is float or type(other) is int):
                y = other
                bn = None
            else:
                return otherwise(p, (input, other))
            if kind is not float32 and kind is not float64:
                kind = ndarray
                d = x.dtype
                if (d is not FLOAT32 and d is not FLOAT64) or (y is not other and d is not y.dtype):
                    return otherwise(p, (input, other))
        elif type(other) is not ndarray and isinstance(other, Tensor):
            x = input
            y = other._array
            an = None
            bn = other._node
            kind = type(y)
            if not left or (type(input) is not float and type(input) is not int):
                return otherwise(p, (input, other))
            if kind is not float32 and kind is not float64:
                kind = ndarray
                d = y.dtype
                if d is not FLOAT32 and d is not FLOAT64:
                    return otherwise(p, (input, other))
        else:
            return kernel(input, other)
        try:
            out = silently(kernel, x, y)
        except (ValueError, TypeError, OverflowError):
            return otherwise(p, (input, other))
        except RuntimeError:
            out = anyway(kernel, x, y)
        t: Tensor = new_tensor(Tensor)
        t._array = out
        t._storage = t._meta = None
        if (an is not None or bn is not None) and (not unusual or takes_part(input, other)):
            node = t._node = HotNode()
            node.primitive = p
            node.left = an
            node.right = bn
            if kind is ndarray:
                kind = type(out)
                if kind is ndarray:
                    kind = (bn if an is None else an).like  # type: ignore[union-attr]
                    if type(kind) is not tuple or kind[0] != out.shape:
                        kind = (out.shape, out.dtype)
            node.like = kind
            node.hooks = None
            node.key = next_key()
            if not keeps_nothing:
                node.recorded = Clock.now
                if an is not None and bn is not None:
                    node.kept_left = input if both_left else None
                    node.kept_right = other if both_right else None
                    keep_out = keeps_out
                else:
                    keep_left, keep_right, keep_out = for_right if an is None else for_left
                    node.kept_left = input if keep_left else None
                    node.kept_right = other if keep_right else None
                node.kept_out = None
                if keep_out:
                    node.kept_out = t._storage = Storage(out)
        else:
            t._node = None
        if unusual:
            note(t)
            if duals:
                carried(p, (input, other), {}, (t,))
        return t

    return op


def by_number(p: Primitive, otherwise: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The hot path of a tensor and a Python number that is no operand but a parameter; `otherwise` takes the rest."""
    kernel = p.kernel

    def op(input: Any, other: Any) -> Any:
        if type(other) is not int and type(other) is not float:
            return otherwise(input, other)
        on_array = type(input) is ndarray or type(input) is float32 or type(input) is float64
        if not on_array and type(input) is not Tensor and not isinstance(input, Tensor):
            return otherwise(input, other)
        x = input if on_array else input._array
        if type(x) is not float32 and type(x) is not float64:
            d = x.dtype
            if d is not FLOAT32 and d is not FLOAT64:
                return otherwise(input, other)
        try:
            out = silently(kernel, x, other)
        except TypeError:
            return otherwise(input, other)
        except RuntimeError:
            out = anyway(kernel, x, other)
        if on_array:
            return out
        t: Tensor = new_tensor(Tensor)
        t._array = out
        t._storage = t._meta = None
        edge = input._node
        if edge is not None and (not unusual or takes_part(input)):
            node = t._node = HotNode()
            node.primitive = p
            node.left = edge
            node.right = None
            node.like = edge.like
            node.hooks = None
            node.key = next_key()
            node.recorded = Clock.now
            node.kept_left = input
            node.kept_right = other
            node.kept_out = None
        else:
            t._node = None
        if unusual:
            note(t)
            if duals:
                carried(p, (input, other), {}, (t,))
        return t

    return op
