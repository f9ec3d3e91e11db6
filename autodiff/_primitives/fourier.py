"""Discrete Fourier transforms, linear in what they transform: each beside its adjoint."""

from __future__ import annotations

from typing import Any

from autodiff._core.kinds import linear
from autodiff._core.registry import ops
from autodiff._kernels.late import Late

fourier = Late("fourier")
Dims = tuple[int, ...]


def _of_real(g: Any, input: Any, input_shape: tuple[int, ...], dims: Dims, norm: int, onesided: bool) -> Any:
    # torch saves the input, though only its shape counts.
    if onesided:
        return ops.fft_r2c_back(g, dims=dims, norm=norm, size=input_shape[dims[-1]])
    # The walk casts to the input's real dtype, which takes the real part.
    return ops.fft_c2c(g, dims=dims, norm=norm, forward=False)


linear(
    "fft_c2c",
    fourier.fft_c2c,
    lambda g, dims, norm, forward: ops.fft_c2c(g, dims=dims, norm=norm, forward=not forward),
    node="FftC2CBackward0",
)
linear("fft_r2c", fourier.fft_r2c, _of_real, node="FftR2CBackward0")
linear("fft_r2c_back", fourier.fft_r2c_back, lambda g, dims, norm: ops.fft_r2c(g, dims=dims, norm=norm, onesided=True))
linear(
    "fft_c2r", fourier.fft_c2r, lambda g, dims, norm: ops.fft_c2r_back(g, dims=dims, norm=norm), node="FftC2RBackward0"
)
linear(
    "fft_c2r_back",
    fourier.fft_c2r_back,
    lambda g, input_shape, dims, norm: ops.fft_c2r(g, dims=dims, norm=norm, size=input_shape[dims[-1]]),
)
