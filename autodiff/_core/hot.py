"""The hot paths: pointwise operators of one or two operands of one dtype.

Written for speed, and for float32 and float64 only: their kernels keep the dtype and need no conjugate. A 0-dim
result that stayed a NumPy scalar is recognised by its type, which is cheaper than its dtype.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._core import errors
from autodiff._core.modes import state, unusual
from autodiff._core.node import BinaryNode, Clock, Storage, UnaryNode, next_key
from autodiff._core.primitive import Primitive
from autodiff._core.promotion import promoted
from autodiff._core.tensor import Tensor
from autodiff._kernels.flags import SILENT, loud, quiet

new_tensor = object.__new__
ndarray, float32, float64 = np.ndarray, np.float32, np.float64
FLOAT32, FLOAT64 = np.dtype(float32), np.dtype(float64)


def unary(p: Primitive) -> Callable[[Any], Any]:
    """The hot path of a pointwise operator of one tensor."""
    if len(p.wants[0]) > 1:
        return lambda a: promoted(p, (a,))
    kernel = p.kernel
    node_class: Any = type(p.node.title, (UnaryNode,), {"__slots__": (), "title": p.node.title, "primitive": p})
    p.heat(node_class)
    keeps_input, keeps_out = "input" in p.wants[0], "out" in p.wants[0]

    def op(a: Any) -> Any:
        if type(a) is not Tensor and not isinstance(a, Tensor):
            return kernel(a)
        x = a._array
        if type(x) is ndarray:
            d = x.dtype
            if d is not FLOAT32 and d is not FLOAT64:
                return promoted(p, (a,))
        elif type(x) is not float32 and type(x) is not float64:
            return promoted(p, (a,))
        token = quiet(SILENT)
        try:
            out = kernel(x)
        finally:
            loud(token)
        t: Tensor = new_tensor(Tensor)
        t._array = out
        t._storage = t._meta = None
        edge = a._node
        if edge is not None and (not unusual or state.grad):
            node = t._node = node_class()
            node.edge = edge
            node.like = edge.like
            node.hooks = None
            node.key = next_key()
            if keeps_input:
                node.recorded = Clock.now
                node.kept = a
            elif keeps_out:
                node.recorded = Clock.now
                node.kept = t._storage = Storage(out)
        else:
            t._node = None
        if unusual:
            mark(t)
        return t

    return op


def binary(p: Primitive) -> Callable[[Any, Any], Any]:
    """The hot path of a pointwise operator of two tensors, or of a tensor and a number on either side."""
    kernel = p.kernel
    node_class: Any = type(p.node.title, (BinaryNode,), {"__slots__": (), "title": p.node.title, "primitive": p})
    p.heat(node_class)
    # By which operands need a gradient: whether input, other and out are kept.
    for_left, for_right, for_both = (
        tuple(name in p.active(*which) for name in (*p.inputs, "out")) for which in ((0,), (1,), (0, 1))
    )
    keeps_nothing, keeps_out = not any(for_both), for_both[2]

    def op(a: Any, b: Any) -> Any:
        if type(a) is Tensor or isinstance(a, Tensor):
            x = a._array
            an = a._node
            if type(b) is Tensor or isinstance(b, Tensor):
                y = b._array
                bn = b._node
                if type(x) is not type(y) or type(x) is ndarray:
                    d = x.dtype
                    if d is not y.dtype or (d is not FLOAT32 and d is not FLOAT64):
                        return promoted(p, (a, b))
                elif type(x) is not float32 and type(x) is not float64:
                    return promoted(p, (a, b))
            elif type(b) is float or type(b) is int:
                y = b
                bn = None
                if type(x) is not float32 and type(x) is not float64:
                    d = x.dtype
                    if d is not FLOAT32 and d is not FLOAT64:
                        return promoted(p, (a, b))
            else:
                return promoted(p, (a, b))
        elif isinstance(b, Tensor):
            x = a
            y = b._array
            an = None
            bn = b._node
            if type(a) is not float and type(a) is not int:
                return promoted(p, (a, b))
            if type(y) is not float32 and type(y) is not float64:
                d = y.dtype
                if d is not FLOAT32 and d is not FLOAT64:
                    return promoted(p, (a, b))
        else:
            return kernel(a, b)
        token = quiet(SILENT)
        try:
            out = kernel(x, y)
        except (ValueError, TypeError, OverflowError):
            return promoted(p, (a, b))
        finally:
            loud(token)
        t: Tensor = new_tensor(Tensor)
        t._array = out
        t._storage = t._meta = None
        if (an is not None or bn is not None) and (not unusual or state.grad):
            node = t._node = node_class()
            node.left = an
            node.right = bn
            like: Any = type(out)
            if like is ndarray:
                like = (bn if an is None else an).like  # type: ignore[union-attr]
                if type(like) is not tuple or like[0] != out.shape:
                    like = (out.shape, out.dtype)
            node.like = like
            node.hooks = None
            node.key = next_key()
            if not keeps_nothing:
                node.recorded = Clock.now
                if bn is None:
                    keep_a, keep_b, keep_out = for_left
                elif an is None:
                    keep_a, keep_b, keep_out = for_right
                else:
                    keep_a, keep_b, keep_out = for_both
                node.kept_left = a if keep_a else None
                node.kept_right = b if keep_b else None
                if keeps_out:
                    if keep_out:
                        t._storage = Storage(out)
                    node.kept_out = t._storage
        else:
            t._node = None
        if unusual:
            mark(t)
        return t

    return op


def by_number(p: Primitive, otherwise: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The hot path of a tensor and a Python number that is no operand but a parameter; `otherwise` takes the rest."""
    kernel = p.kernel
    node_class: Any = type(p.node.title, (BinaryNode,), {"__slots__": (), "title": p.node.title, "primitive": p})
    p.heat(node_class)

    def op(a: Any, b: Any) -> Any:
        if (type(b) is not int and type(b) is not float) or (type(a) is not Tensor and not isinstance(a, Tensor)):
            return otherwise(a, b)
        x = a._array
        if type(x) is not float32 and type(x) is not float64:
            d = x.dtype
            if d is not FLOAT32 and d is not FLOAT64:
                return otherwise(a, b)
        token = quiet(SILENT)
        try:
            out = kernel(x, b)
        finally:
            loud(token)
        t: Tensor = new_tensor(Tensor)
        t._array = out
        t._storage = t._meta = None
        edge = a._node
        if edge is not None and (not unusual or state.grad):
            node = t._node = node_class()
            node.left = edge
            node.right = None
            node.like = edge.like
            node.hooks = None
            node.key = next_key()
            node.recorded = Clock.now
            node.kept_left = a
            node.kept_right = b
        else:
            t._node = None
        if unusual:
            mark(t)
        return t

    return op


def mark(t: Tensor) -> None:
    """What the hot path leaves out: results of inference mode, and inference tensors that would be saved."""
    if state.inference:
        t.meta().inference = True
    node = t._node
    if node is not None and node.saved:
        for s in node.saved:
            if isinstance(s, Tensor) and s.is_inference():
                raise RuntimeError(errors.INFERENCE_SAVED)
