"""Geometry: linear operators in adjoint pairs; most return views."""

from __future__ import annotations

from autodiff._core.kinds import general, linear
from autodiff._core.registry import ops
from autodiff._kernels import geometry

# -- the machine's own --------------------------------------------------------------------------------------------
linear("sum_to", geometry.sum_to, lambda g, input_shape: ops.expand(g, shape=input_shape))
linear("keep_dims", geometry.keep_dims, lambda g, input_shape: ops.view(g, shape=input_shape), view=True)
general(
    "splice",
    geometry.splice,
    lambda g, replay: ops.splice(g, ops.zeros_like(replay(g)), replay=replay),
    lambda g, replay: replay(g),
    inputs=("base", "new"),
    node="CopySlices",
)

# -- views --------------------------------------------------------------------------------------------------------
linear("view", geometry.view, lambda g, input_shape: ops.reshape_to(g, shape=input_shape), view=True)
linear("expand", geometry.expand, lambda g, input_shape: ops.sum_to(g, shape=input_shape), view=True)

# -- copies -------------------------------------------------------------------------------------------------------
linear("reshape_to", geometry.reshape, lambda g, input_shape: ops.reshape_to(g, shape=input_shape), node="ViewBackward0")
