"""Geometry: linear operators in adjoint pairs; most return views."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._core import errors
from autodiff._core.kinds import general, linear
from autodiff._core.registry import ops
from autodiff._kernels import geometry, layout

# -- the machine's own ---------------------------------------------------------------------------------------
linear("sum_to", geometry.sum_to, lambda g, input_shape: ops.expand(g, shape=input_shape))
linear("keep_dims", geometry.keep_dims, lambda g, input_shape: ops.view(g, shape=input_shape), view=True)
linear("arranged", geometry.arranged, lambda g: g, node="CloneBackward0")


def _arranged(g: Any, order: Any) -> Any:
    """The gradient in memory laid out as the base's; in an expanded one it would hold one of several elements."""
    if order is None:
        raise RuntimeError(errors.OVERLAP)
    return ops.arranged(g, order=order)


def _into_whole(g: Any, shape: Any, replay: Any, order: Any) -> Any:
    """The gradient of a part, in that of the whole; none of it is left of an empty part, nor of its history."""
    whole = ops.replayed_back(g, shape=shape, replay=replay, order=order)
    return whole if math.prod(g.shape) else ops.zeros_like(whole)


general(
    "splice",
    geometry.splice,
    lambda g, replay, order: ops.splice(g, ops.zeros_like(replay(_arranged(g, order))), replay=replay, order=order),
    lambda g, replay, order: ops.contiguous(replay(_arranged(g, order))),  # never the memory of what arrived
    inputs=("base", "new"),
    node="torch::autograd::CopySlices",
).runs_once = True
linear(
    "replayed",
    geometry.replayed,
    lambda g, input_shape, replay, order: _into_whole(g, input_shape, replay, order),
    node="AsStridedBackward0",
)
linear("replayed_back", geometry.replayed_back, lambda g, replay, order: replay(ops.arranged(g, order=order)))

# -- views ---------------------------------------------------------------------------------------------------


def _reshaped(g: Any, input_shape: Any) -> Any:
    """The gradient in its input's shape: a view of what arrived, where strides allow that."""
    if g.__class__ is np.ndarray:
        return g.reshape(input_shape)
    if not hasattr(g, "_array"):
        return ops.reshape_to(g, shape=input_shape)
    if not isinstance(g._array, np.ndarray) or g._array.flags.c_contiguous:
        return ops.view(g, shape=input_shape)
    try:
        return ops.reshape_alias(g, shape=input_shape)
    except ValueError:
        return ops.reshape_to(g, shape=input_shape)


linear("view", geometry.view, _reshaped, view=True)
linear("reshape_alias", geometry.view, _reshaped, view=True)
linear(
    "expand",
    geometry.expand,
    lambda g, input_shape: g if input_shape and g.shape == input_shape else ops.sum_to(g, shape=input_shape),
    view=True,
)
linear("alias", geometry.alias, lambda g: g, view=True)
linear("permute", geometry.permute, lambda g, dims: ops.permute(g, dims=geometry.inverse(dims)), view=True)
linear("transpose", geometry.transpose, lambda g, dim0, dim1: ops.transpose(g, dim0=dim0, dim1=dim1), view=True)
linear("t", geometry.reverse, lambda g: ops.t(g), view=True)
linear("unsqueeze", geometry.unsqueeze, lambda g, input_shape: ops.view(g, shape=input_shape), view=True)
for number in range(3):  # torch numbers squeeze() of all dimensions, of one, and of several
    linear(
        f"squeeze{number}",
        geometry.squeeze,
        lambda g, input_shape: g if g.shape == input_shape else _reshaped(g, input_shape),
        view=True,
        node=f"SqueezeBackward{number}",
    )

# -- regions: views whose adjoint embeds them in zeros -------------------------------------------------------
linear(
    "select",
    geometry.select,
    lambda g, input_shape, dim, index: ops.embed(g, shape=input_shape, index=geometry.at(dim, index)),
    view=True,
    onto=lambda held, g, dim, index: geometry.embed_onto(held, g, geometry.at(dim, index)),
)
linear(
    "slice",
    geometry.slice_,
    lambda g, input_shape, dim, start, stop, step: ops.embed(
        g, shape=input_shape, index=geometry.at(dim, slice(start, stop, step))
    ),
    view=True,
    onto=lambda held, g, dim, start, stop, step: geometry.embed_onto(
        held, g, geometry.at(dim, slice(start, stop, step))
    ),
)
linear(
    "region",
    geometry.region,
    lambda g, input_shape, index: ops.embed(g, shape=input_shape, index=index),
    view=True,
    onto=lambda held, g, index: geometry.embed_onto(held, g, index),
)
linear("embed", geometry.embed, lambda g, index: ops.region(g, index=index), node="SliceBackwardBackward0")
linear(
    "unfold",
    geometry.unfold,
    lambda g, input_shape, dim, size, step: ops.fold_back(g, shape=input_shape, dim=dim, size=size, step=step),
    view=True,
)
linear("fold_back", geometry.fold_back, lambda g, dim, size, step: ops.unfold(g, dim=dim, size=size, step=step))


def _seen(g: Any) -> Any:
    """What a view by strides was given; of one that shows nothing, torch's zeros come from nowhere."""
    return ops.zeros_like(g) if 0 in g.shape else g


linear(
    "as_strided",
    lambda x, shape, strides, offset, own, seen, count: geometry.as_strided(x, shape, strides, offset),
    lambda g, own, seen, count: ops.strided_back(_seen(g), own=own, seen=seen, count=count),
    view=True,
)
linear(
    "strided_back",
    geometry.strided_back,
    lambda g, own, seen, count: ops.strided_read(g, own=own, seen=seen, count=count),
)
linear(
    "strided_read",
    geometry.strided_read,
    lambda g, own, seen, count: ops.strided_back(g, own=own, seen=seen, count=count),
)

# -- copies --------------------------------------------------------------------------------------------------
linear(
    "reshape_to",
    geometry.reshape,
    lambda g, input_shape: ops.reshape_to(g, shape=input_shape),
    node="UnsafeViewBackward0",
)
linear("clone", geometry.clone, lambda g: g).copies = True
linear("contiguous", geometry.contiguous, lambda g: g, node="CloneBackward0").copies = True
linear("formatted", layout.formatted, lambda g: g, node="CloneBackward0").copies = True
linear("flip", geometry.flip, lambda g, dims: ops.flip(g, dims=dims))
linear("rot90", geometry.rot90, lambda g, k, dims: ops.rot90(g, k=-k % 4, dims=dims))
linear("roll", geometry.roll, lambda g, shifts, dims: ops.roll(g, shifts=[-s for s in shifts], dims=dims))
linear(
    "repeat",
    geometry.repeat,
    lambda g, input_shape, times: (
        g if set(times) <= {1} and input_shape else ops.sum_repeats(g, shape=input_shape, times=times)
    ),
)
linear("sum_repeats", geometry.sum_repeats, lambda g, times: ops.repeat(g, times=times))
# Numbers put around: elements taken away again.
linear(
    "constant_pad_nd",
    geometry.pad,
    lambda g, before, after: ops.constant_pad_nd(
        g, before=tuple([-n for n in before]), after=tuple([-n for n in after]), value=0
    ),
)

# -- a region written over -----------------------------------------------------------------------------------
general(
    "slice_scatter",
    geometry.region_written,
    lambda g, index: ops.slice_scatter(g, 0, index=index),
    lambda g, index: ops.region(g, index=index),
    inputs=("input", "src"),
)
general(
    "select_scatter",
    geometry.region_written,
    lambda g, index: ops.select_scatter(g, 0, index=index),
    lambda g, index: ops.region(g, index=index),
    inputs=("input", "src"),
)
general(
    "as_strided_scatter",
    geometry.strided_written,
    lambda g, shape, strides, offset: ops.as_strided_scatter(g, 0, shape=shape, strides=strides, offset=offset),
    lambda g, input_shape, shape, strides, offset: ops.strided_read(
        g, **geometry.footprints(input_shape, shape, strides, offset)
    ),
    inputs=("input", "src"),
)

# -- writing -------------------------------------------------------------------------------------------------
general(
    "copy",
    geometry.copy,
    lambda g: ops.zeros_like(g),
    lambda g: g,
    inputs=("input", "src"),
    node="torch::autograd::CopyBackwards",
)
general("fill", geometry.copy, lambda g: ops.zeros_like(g), inputs=("input",), node="FillBackward2")
general(
    "fill_tensor",
    geometry.copy,
    lambda g: ops.zeros_like(g),
    lambda g: ops.sum_all(g),
    inputs=("input", "value"),
    node="FillBackward3",
)
