"""Dimensions read at other places: resizing, and padding with what is there."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core.kinds import general, linear
from autodiff._core.registry import ops
from autodiff._kernels import resampling

linear(
    "resampled_back",
    resampling.resampled_back,
    lambda g, taps: ops.resampled(g, taps=taps),
    node="UpsampleBackwardBackward0",
)


def _back(g: Any, input_shape: tuple[int, ...], taps: Any) -> Any:
    return ops.resampled_back(g, sizes=input_shape[len(input_shape) - len(taps) :], taps=taps)


linear("resampled", resampling.resampled, _back, node="UpsampleBackwardBackward0")
for _mode in ("Nearest", "NearestExact"):
    for _dims in (1, 2, 3):
        linear(f"resampled_{_mode}{_dims}", resampling.resampled, _back, node=f"Upsample{_mode}{_dims}DBackward0")
for _mode in ("Linear1D", "Bilinear2D", "Trilinear3D", "Bicubic2D", "Bilinear2DAa", "Bicubic2DAa"):
    linear(f"resampled_{_mode}", resampling.resampled, _back, node=f"Upsample{_mode}Backward0")

# torch's backward of padding is given the input, by name only, and so its gradient requires grad.
general(
    "padded_back",
    lambda g, input, taps: resampling.resampled_back(g, input.shape[input.ndim - len(taps) :], taps),
    lambda g, taps: ops.resampled(g, taps=taps),
    lambda g: ops.zeros_like(g),
    inputs=("grad", "input"),
    node="PadBackwardBackward0",
)
for _mode in ("Reflection", "Replication"):
    for _dims in (1, 2, 3):
        general(
            f"padded_{_mode}{_dims}",
            resampling.resampled,
            lambda g, input, taps: ops.padded_back(g, input, taps=taps),
            inputs=("input",),
            node=f"{_mode}Pad{_dims}DBackward0",
        )


# -- places of affine maps ---------------------------------------------------------------------------------------
def _affine_back(g: Any, theta_dtype: Any, sizes: tuple[int, ...], align: bool) -> Any:
    places = resampling.affine_places(sizes, align, theta_dtype)
    rows = ops.reshape_to(g, shape=(sizes[0], len(places), len(sizes) - 2))
    # Repeated without copies; transposed last, as torch does.
    across = np.broadcast_to(places.T, (sizes[0], *places.T.shape))
    return ops.transpose(ops.bmm(across, rows), dim0=1, dim1=2)


general("affine_grid", resampling.affine_grid, _affine_back, inputs=("theta",), node="AffineGridGeneratorBackward0")
