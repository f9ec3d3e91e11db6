"""Losses that rank: by margins between scores, similarities and distances, with torch's signatures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff._core.function import function
from autodiff._core.packing import rename
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._functions.distance import pairwise_distance
from autodiff._functions.loss import REDUCTIONS, numbered, reduced, reduction_of

#: Added under the root of cosine_embedding_loss.
EPSILON = 1e-12

# torch's root functions number the reductions, and reduce nothing unless told.


def _above_zero(x: Tensor) -> Tensor:
    """x where it is at least 0, with derivative 1 at 0, else 0."""
    found = ops.clamp(x, min=0)
    if found._node is not None:
        rename(found._node, "ClampMinBackward0")
    return found  # type: ignore[no-any-return]


def _hinge(input: Tensor, target: Tensor, margin: float, reduction: str) -> Tensor:
    far = ops.where(ops.ne(target, 1), _above_zero(ops.sub(margin, input)), 0)
    near = ops.where(ops.ne(target, -1), input, 0)
    return reduced(ops.add(far, near), reduction)


@function("nn.functional", name="hinge_embedding_loss")
def hinge_embedding_loss_function(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The distance itself for target 1, what it lacks of the margin for target -1."""
    return _hinge(input, target, margin, reduction_of(size_average, reduce, reduction))


@function(method=False)
def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, reduction: int = 0) -> Tensor:
    """The distance itself for target 1, what it lacks of the margin for target -1."""
    return _hinge(input, target, margin, numbered(reduction))


def _ranking(input1: Tensor, input2: Tensor, target: Tensor, margin: float, reduction: str) -> Tensor:
    ahead = ops.mul(ops.neg(target), ops.sub(input1, input2))
    return reduced(_above_zero(ops.add(ahead, margin)), reduction)


@function("nn.functional", name="margin_ranking_loss")
def margin_ranking_loss_function(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """What input1 lacks of being ahead of input2 by the margin; target -1 asks for the other way round."""
    reduction = reduction_of(size_average, reduce, reduction)
    a, b, t = (x._array for x in (input1, input2, target))
    if not a.ndim == b.ndim == t.ndim:
        sizes = ", ".join(f"{n}: torch.Size({list(x.shape)})" for n, x in (("input1", a), ("input2", b), ("target", t)))
        raise RuntimeError(
            f"margin_ranking_loss : All input tensors should have same dimension but got sizes: {sizes} "
        )
    return _ranking(input1, input2, target, margin, reduction)


@function(method=False)
def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """What input1 lacks of being ahead of input2 by the margin; target -1 asks for the other way round."""
    return _ranking(input1, input2, target, margin, numbered(reduction))


def _cosine(input1: Tensor, input2: Tensor, target: Tensor, margin: float, reduction: str) -> Tensor:
    t, ndim = target._array, input1._array.ndim
    if t.ndim > 1:
        raise RuntimeError(f"0D or 1D target tensor expected, multi-target not supported: {list(t.shape)}")
    if ndim != t.ndim + 1 or input2._array.ndim != ndim:
        raise RuntimeError(
            f"{t.ndim}D target tensor expects {t.ndim + 1}D input tensors, but found inputs with sizes "
            f"{list(input1._array.shape)} and {list(input2._array.shape)}."
        )
    over = {"dims": (t.ndim,), "keepdim": False}

    def size(x: Tensor) -> Any:
        return ops.add(ops.sum(ops.mul(x, x), **over), EPSILON)

    product = ops.sum(ops.mul(input1, input2), **over)
    cosine = ops.div(product, ops.sqrt(ops.mul(size(input1), size(input2))))
    alike = ops.where(ops.eq(target, 1), ops.sub(1, cosine), 0)
    apart = ops.where(ops.eq(target, -1), _above_zero(ops.sub(cosine, margin)), 0)
    return reduced(ops.add(alike, apart), reduction)


@function("nn.functional", name="cosine_embedding_loss")
def cosine_embedding_loss_function(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """1 less the cosine for target 1, what the cosine has beyond the margin for target -1."""
    return _cosine(input1, input2, target, margin, reduction_of(size_average, reduce, reduction))


@function(method=False)
def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """1 less the cosine for target 1, what the cosine has beyond the margin for target -1."""
    return _cosine(input1, input2, target, margin, numbered(reduction))


def _triplet(near: Tensor, far: Tensor, margin: float, reduction: str) -> Tensor:
    return reduced(_above_zero(ops.sub(ops.add(near, margin), far)), reduction)


def _by_norm(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float, p: float, eps: float, swap: bool, reduction: str
) -> Tensor:
    a, b, c = (x._array.ndim for x in (anchor, positive, negative))
    if not a == b == c:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {a}D, positive {b}D, and negative {c}D inputs"
        )
    near, far = pairwise_distance(anchor, positive, p, eps), pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = ops.minimum(far, pairwise_distance(positive, negative, p, eps))
    return _triplet(near, far, margin, reduction)


def _need_margin(margin: float) -> None:
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")


@function("nn.functional", name="triplet_margin_loss")
def triplet_margin_loss_function(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """What the negative lacks of being farther from the anchor than the positive by the margin."""
    reduction = reduction_of(size_average, reduce, reduction)
    _need_margin(margin)
    return _by_norm(anchor, positive, negative, margin, p, eps, swap, reduction)


@function(method=False)
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: int = 0,
) -> Tensor:
    """What the negative lacks of being farther from the anchor than the positive by the margin."""
    return _by_norm(anchor, positive, negative, margin, p, eps, swap, numbered(reduction))


@function("nn.functional")
def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """triplet_margin_loss by any distance, by default the Euclidean one."""
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    _need_margin(margin)
    if distance_function is None:
        return _by_norm(anchor, positive, negative, margin, 2.0, 1e-6, swap, reduction)
    near, far = distance_function(anchor, positive), distance_function(anchor, negative)
    if swap:
        far = ops.minimum(far, distance_function(positive, negative))
    return _triplet(near, far, margin, reduction)
