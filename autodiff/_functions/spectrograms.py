"""Spectra of a signal window by window, and the signal again, with torch's signatures."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.batched import whole
from autodiff._core.function import function
from autodiff._core.inplace import reshape_in_place
from autodiff._core.packing import rename
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.resampling import pad

_NO_WINDOW = (
    "A window was not provided. A rectangular window will be applied, which is known to cause spectral leakage. Other "
    "windows such as torch.hann_window or torch.hamming_window are recommended to reduce spectral leakage."
)


def _check_sizes(name: str, n_fft: int, limit: int | None, hop: int, length: int, window: Tensor | None) -> None:
    if not 0 < n_fft or (limit is not None and n_fft > limit):
        raise RuntimeError(f"{name}: expected 0 < n_fft < {limit}, but got n_fft={n_fft}")
    if hop <= 0:
        raise RuntimeError(f"{name}: expected hop_length > 0, but got hop_length={hop}")
    if not 0 < length <= n_fft:
        raise RuntimeError(f"{name}: expected 0 < win_length <= n_fft, but got win_length={length}")
    if window is not None and window._array.shape != (length,):
        raise RuntimeError(
            f"{name}: expected a 1D window tensor of size equal to win_length={length}, but got window with size "
            f"{list(window._array.shape)}"
        )


def _in_middle(window: Tensor | None, length: int, n_fft: int, dtype: Any) -> Tensor | None:
    """The window between zeros, as long as a transform; None where it would change nothing."""
    if length == n_fft:
        return window
    filled = window if window is not None else wrap(np.ones(length, dtype))
    before = (n_fft - length) // 2
    return ops.constant_pad_nd(filled, before=(before,), after=(n_fft - length - before,), value=0)  # type: ignore[no-any-return]


@function("")
def stft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Tensor:
    """The spectra of windows of n_fft points, hop_length apart: (samples, frequencies, windows).

    Of real signals half of each spectrum, unless `onesided` is False; pairs of real numbers unless `return_complex`.
    """
    if center and align_to_window is not None:
        raise RuntimeError("stft align_to_window should only be set when center = false")
    if input._array.ndim not in (1, 2):
        raise RuntimeError("stft: expected a 1D or 2D tensor")
    if center and n_fft > 0:
        input = _extended(input, n_fft // 2, pad_mode)
    x = input._array
    hop = n_fft // 4 if hop_length is None else hop_length
    length = n_fft if win_length is None else win_length
    if window is None:
        warnings.warn(_NO_WINDOW, UserWarning, stacklevel=3)
    imaginary = x.dtype.kind == "c" or (window is not None and window._array.dtype.kind == "c")
    if return_complex is None and not imaginary:
        raise RuntimeError(
            "stft requires the return_complex parameter be given for real inputs, and will further require that "
            "return_complex=True in a future PyTorch release."
        )
    if x.dtype.kind not in "fc":
        raise RuntimeError("stft: expected a tensor of floating point or complex values")
    if dtypes.is_half(x.dtype):
        raise RuntimeError(f"Unsupported dtype {dtypes.title(x.dtype)}")
    _check_sizes("stft", n_fft, x.shape[-1], hop, length, window)
    if align_to_window and length < n_fft:
        before = (n_fft - length) // 2
        input = pad(input, (before, n_fft - length - before))
    if x.ndim == 1:
        input = ops.unsqueeze(input, dim=0)
    frames = ops.unfold(input, dim=1, size=n_fft, step=hop)
    shape = _in_middle(window, length, n_fft, x.dtype)
    if shape is not None:
        frames = ops.mul(frames, shape)
    half = onesided if onesided is not None else not imaginary
    if half and imaginary:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    settings = {"dims": (2,), "norm": 1 if normalized else 0}
    if imaginary:
        found = ops.fft_c2c(frames, forward=True, **settings)
    else:
        found = ops.fft_r2c(frames, onesided=half, **settings)
    # torch turns it, and takes off the dimension that it gave one signal alone, in place: it is a view of nothing.
    reshape_in_place(found, lambda before: ops.transpose(before, dim0=1, dim1=2))
    if found._node is not None:
        rename(found._node, "TransposeBackward1")
    if x.ndim == 1:
        reshape_in_place(found, lambda before: ops.squeeze1(before, dims=(0,)))
        if found._node is not None:
            rename(found._node, "SqueezeBackward4")
    return found if return_complex or return_complex is None else ops.view_as_real(found)  # type: ignore[no-any-return]


def _extended(input: Tensor, by: int, mode: str) -> Tensor:
    """The signal with elements around it, as images are."""
    added = tuple(range(3 - input._array.ndim))
    x = input
    for _ in added:
        x = ops.unsqueeze(x, dim=0)
    x = pad(x, (by, by), mode)
    return ops.squeeze1(x, dims=added) if added else x  # type: ignore[no-any-return]


@function("")
def istft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Tensor:
    """The signal of spectra of windows, whose overlaps are averaged by the window's squares.

    Raises RuntimeError where no window reaches.
    """
    x = input._array
    if x.dtype.kind != "c":
        raise RuntimeError(
            "istft requires a complex-valued input tensor matching the output from stft with return_complex=True."
        )
    if x.ndim not in (2, 3):
        raise RuntimeError(f"istft: expected a tensor with 2 or 3 dimensions, but got {x.ndim}")
    if not x.size:
        raise RuntimeError("istft: input tensor cannot be empty.")
    hop = n_fft // 4 if hop_length is None else hop_length
    wide = n_fft if win_length is None else win_length
    half = onesided if onesided is not None else x.shape[-2] != n_fft
    if (n_fft // 2 + 1 if half else n_fft) != x.shape[-2]:
        expected = "n_fft / 2 + 1 when onesided=True" if half else "n_fft when onesided=False"
        raise RuntimeError(
            "istft: expected the frequency dimension (3rd to the last) of the input tensor to match "
            f"{expected}, but got {x.shape[-2]}"
        )
    if not 0 < hop <= wide:
        raise RuntimeError("istft: expected 0 < hop_length <= win_length")
    if not 0 < wide <= n_fft:
        raise RuntimeError("istft: expected 0 < win_length <= n_fft")
    if window is not None and window._array.shape != (wide,):
        raise RuntimeError("istft: Invalid window shape. window has to be 1D and length of `win_length`")
    if half and return_complex:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    if not return_complex and window is not None and window._array.dtype.kind == "c":
        raise RuntimeError("Complex windows are incompatible with return_complex=False")
    lead, count = x.shape[:-2], x.shape[-1]
    ndim = x.ndim
    frames = ops.transpose(input, dim0=ndim - 2, dim1=ndim - 1)
    settings = {"dims": (ndim - 1,), "norm": 1 if normalized else 2}
    if return_complex:
        frames = ops.fft_c2c(frames, forward=False, **settings)
    else:
        if not half:
            frames = ops.slice(frames, dim=ndim - 1, start=0, stop=n_fft // 2 + 1, step=1)
        frames = ops.fft_c2r(frames, size=n_fft, **settings)
    flat = window if window is not None else wrap(np.ones(wide, np.zeros(0, x.dtype).real.dtype))
    shape = _in_middle(flat, wide, n_fft, None)
    assert shape is not None
    whole_length = n_fft + hop * (count - 1)
    start = n_fft // 2 if center else 0
    end = start + length if length is not None else whole_length - start
    stop = min(end, whole_length)
    added = ops.fold_back(ops.mul(frames, shape), shape=(*lead, whole_length), dim=ndim - 2, size=n_fft, step=hop)
    squares = ops.expand(ops.mul(shape, shape), shape=(count, n_fft))
    weights = ops.fold_back(squares, shape=(whole_length,), dim=0, size=n_fft, step=hop)
    added = ops.slice(added, dim=ndim - 2, start=start, stop=stop, step=1)
    weights = ops.slice(weights, dim=0, start=start, stop=stop, step=1)
    if not weights._array.size or np.abs(whole(weights)).min() <= 1e-11:
        raise RuntimeError("istft: window overlap add min: 1")
    found = ops.div(added, weights)
    if end > stop:
        warnings.warn(
            "The length of signal is shorter than the length parameter. Result is being padded with zeros in the tail. "
            "Please check your center, hop_length and window settings.",
            UserWarning,
            stacklevel=3,
        )
        found = pad(found, (0, end - stop))
    return found  # type: ignore[no-any-return]
