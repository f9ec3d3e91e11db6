"""torch.fft: discrete Fourier transforms with torch's signatures."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import arguments, dtypes
from autodiff._core.dtypes import Default
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._functions.rearranging import roll
from autodiff._functions.values import finished

_NORMS = {None: (0, 2), "backward": (0, 2), "ortho": (1, 1), "forward": (2, 0)}


def _norm(given: str | None, forward: bool) -> int:
    """0, 1 or 2: what a transform in this direction divides by; see the kernels."""
    if given not in _NORMS:
        raise RuntimeError(f'Invalid normalization mode: "{given}"')
    return _NORMS[given][not forward]


# -- operands ---------------------------------------------------------------------------------------------------


def _floating(input: Tensor, imaginary: bool) -> Tensor:
    """The input in the dtype that is transformed. Raises RuntimeError for floats of two bytes."""
    d = dtypes.floating(input._array.dtype)
    if dtypes.is_half(d):
        raise RuntimeError(f"Unsupported dtype {dtypes.title(d)}")
    if imaginary and d.kind == "f":
        d = np.dtype("complex128" if d.itemsize == 8 else "complex64")
    return input if input._array.dtype is d else ops.to(input, dtype=d)  # type: ignore[no-any-return]


def _need_real(name: str, input: Tensor, expects: str = "a real input tensor") -> None:
    if input._array.dtype.kind == "c":
        raise RuntimeError(f"{name} expects {expects}, but got {dtypes.title(input._array.dtype)}")


def _along(input: Tensor, dim: Any) -> int:
    if not input._array.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return arguments.dim(dim, input._array.ndim)


def _check_points(n: int) -> int:
    if n < 1:
        raise RuntimeError(f"Invalid number of data points ({n}) specified")
    return n


def _resized(x: Tensor, lengths: dict[int, int]) -> Tensor:
    """Cut, or padded with zeros, to these lengths along these dimensions."""
    after = [0] * x._array.ndim
    for d, n in lengths.items():
        have = x._array.shape[d]
        if n < have:
            x = ops.slice(x, dim=d, start=0, stop=n, step=1)
        else:
            after[d] = n - have
    if any(after):
        x = ops.constant_pad_nd(x, before=(0,) * len(after), after=tuple(after), value=0)
    return x


# -- along one dimension ------------------------------------------------------------------------------------------


def _c2c(x: Tensor, n: int | None, dim: int, norm: str | None, forward: bool) -> Tensor:
    n = _check_points(x._array.shape[dim] if n is None else arguments.whole(n, "n"))
    scale = _norm(norm, forward)
    return ops.fft_c2c(_resized(x, {dim: n}), dims=(dim,), norm=scale, forward=forward)  # type: ignore[no-any-return]


def _r2c(x: Tensor, n: int | None, dim: int, norm: str | None, forward: bool, onesided: bool) -> Tensor:
    n = _check_points(x._array.shape[dim] if n is None else arguments.whole(n, "n"))
    found = ops.fft_r2c(_resized(x, {dim: n}), dims=(dim,), norm=_norm(norm, forward), onesided=onesided)
    return found if forward else ops.conj(found)  # type: ignore[no-any-return]


def _c2r(input: Tensor, n: int | None, dim: int, norm: str | None, forward: bool) -> Tensor:
    dim = _along(input, dim)
    x = _floating(input, imaginary=True)
    size = _check_points(2 * (x._array.shape[dim] - 1) if n is None else arguments.whole(n, "n"))
    if n is not None:
        x = _resized(x, {dim: size // 2 + 1})
    if forward:
        x = ops.conj(x)
    return ops.fft_c2r(x, dims=(dim,), norm=_norm(norm, forward), size=size)  # type: ignore[no-any-return]


def _full(input: Tensor, n: int | None, dim: int, norm: str | None, forward: bool) -> Tensor:
    x, dim = _floating(input, imaginary=False), _along(input, dim)
    if x._array.dtype.kind == "c":
        return _c2c(x, n, dim, norm, forward)
    return _r2c(x, n, dim, norm, forward, onesided=False)


@function("fft", out="alike")
def fft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The spectrum of a signal of n points, cut or padded with zeros to as many."""
    return _full(input, n, dim, norm, forward=True)


@function("fft", out="alike")
def ifft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The signal of a spectrum of n points; divided by n unless `norm` says otherwise."""
    return _full(input, n, dim, norm, forward=False)


@function("fft", out="alike")
def rfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The n // 2 + 1 frequencies from 0 on of a real signal."""
    _need_real("rfft", input)
    return _r2c(_floating(input, False), n, _along(input, dim), norm, forward=True, onesided=True)


@function("fft", out="alike")
def irfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The real signal of n points, an even number if not given, of half its spectrum."""
    return _c2r(input, n, dim, norm, forward=False)


@function("fft", out="alike")
def hfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The real spectrum of half a signal whose other half is its conjugate."""
    return _c2r(input, n, dim, norm, forward=True)


@function("fft", out="alike")
def ihfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """Half the signal of a real spectrum."""
    _need_real("ihfft", input)
    return _r2c(_floating(input, False), n, _along(input, dim), norm, forward=False, onesided=True)


# -- along several ------------------------------------------------------------------------------------------------


def _grid(input: Tensor, s: Any, dim: Any) -> tuple[tuple[int, ...], list[int]]:
    """The dimensions, and how many points along each; -1 of them is as many as there are."""
    shape = input._array.shape
    lengths = None if s is None else arguments.sizes((s,))
    if dim is None:
        if lengths is not None and len(lengths) > len(shape):
            raise RuntimeError(
                f"Got shape with {len(lengths)} values but input tensor only has {len(shape)} dimensions."
            )
        dims = tuple(range(len(shape) - len(lengths) if lengths is not None else 0, len(shape)))
    else:
        dims = tuple([_along(input, d) for d in arguments.sizes((dim,))])
        if len(set(dims)) != len(dims):
            raise RuntimeError("FFT dims must be unique")
        if lengths is not None and len(lengths) != len(dims):
            raise RuntimeError("When given, dim and shape arguments must have the same length")
    return dims, [shape[d] if n == -1 else n for d, n in zip(dims, lengths or (-1,) * len(dims))]


def _need_axis(name: str, dims: tuple[int, ...]) -> None:
    if not dims:
        raise RuntimeError(f"{name} must transform at least one axis")


def _resized_to(x: Tensor, dims: tuple[int, ...], points: list[int]) -> Tensor:
    return _resized(x, {d: _check_points(n) for d, n in zip(dims, points)})


def _c2c_along(input: Tensor, s: Any, dim: Any, norm: str | None, forward: bool) -> Tensor:
    dims, points = _grid(input, s, dim)
    x = _resized_to(_floating(input, imaginary=True), dims, points)
    return ops.fft_c2c(x, dims=dims, norm=_norm(norm, forward), forward=forward)  # type: ignore[no-any-return]


def _half(name: str, input: Tensor, s: Any, dim: Any) -> tuple[Tensor, tuple[int, ...], int]:
    """Half a spectrum, resized; its dimensions; the points of the whole along the last of them."""
    dims, points = _grid(input, s, dim)
    _need_axis(name, dims)
    given = s is not None and arguments.sizes((s,))[-1] != -1
    size = points[-1] if given else 2 * (points[-1] - 1)
    _check_points(size)
    return _resized_to(_floating(input, imaginary=True), dims, [*points[:-1], size // 2 + 1]), dims, size


@function("fft", out="alike")
def fftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """The spectrum along several dimensions, all if none is named, of s points each."""
    return _c2c_along(input, s, dim, norm, forward=True)


@function("fft", out="alike")
def ifftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """The signal of a spectrum along several dimensions."""
    return _c2c_along(input, s, dim, norm, forward=False)


@function("fft", out="alike")
def rfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """The spectrum of a real signal along several dimensions, half of it along the last."""
    _need_real("rfftn", input, "a real-valued input tensor")
    dims, points = _grid(input, s, dim)
    _need_axis("rfftn", dims)
    x = _resized_to(_floating(input, imaginary=False), dims, points)
    return ops.fft_r2c(x, dims=dims, norm=_norm(norm, True), onesided=True)  # type: ignore[no-any-return]


@function("fft", out="alike")
def irfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """The real signal of half a spectrum along several dimensions."""
    x, dims, size = _half("irfftn", input, s, dim)
    return ops.fft_c2r(x, dims=dims, norm=_norm(norm, False), size=size)  # type: ignore[no-any-return]


@function("fft", out="alike")
def hfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """The real spectrum along several dimensions of half a signal whose other half is its conjugate."""
    x, dims, size = _half("hfftn", input, s, dim)
    scale = _norm(norm, True)
    if len(dims) > 1:
        x = ops.fft_c2c(x, dims=dims[:-1], norm=scale, forward=True)
    return ops.fft_c2r(ops.conj(x), dims=dims[-1:], norm=scale, size=size)  # type: ignore[no-any-return]


@function("fft", out="same")
def ihfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """Half the signal of a real spectrum along several dimensions."""
    if input._array.dtype.kind == "c":
        raise RuntimeError(f"Only supports floating-point dtypes, but found: {dtypes.title(input._array.dtype)}")
    dims, points = _grid(input, s, dim)
    _need_axis("ihfftn", dims)
    x, scale = _resized_to(_floating(input, imaginary=False), dims, points), _norm(norm, False)
    x = ops.conj(ops.fft_r2c(x, dims=dims[-1:], norm=scale, onesided=True))
    if len(dims) == 1:
        return x
    return ops.fft_c2c(x, dims=dims[:-1], norm=scale, forward=False)  # type: ignore[no-any-return]


@function("fft", out="alike")
def fft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """The spectrum along two dimensions."""
    return fftn(input, s, dim, norm)  # type: ignore[no-any-return]


@function("fft", out="alike")
def ifft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """The signal of a spectrum along two dimensions."""
    return ifftn(input, s, dim, norm)  # type: ignore[no-any-return]


@function("fft", out="alike")
def rfft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """The spectrum of a real signal along two dimensions, half of it along the last."""
    return rfftn(input, s, dim, norm)  # type: ignore[no-any-return]


@function("fft", out="alike")
def irfft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """The real signal of half a spectrum along two dimensions."""
    return irfftn(input, s, dim, norm)  # type: ignore[no-any-return]


@function("fft", out="alike")
def hfft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """The real spectrum along two dimensions of half a signal whose other half is its conjugate."""
    return hfftn(input, s, dim, norm)  # type: ignore[no-any-return]


@function("fft", out="same")
def ihfft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """Half the signal of a real spectrum along two dimensions."""
    return ihfftn(input, s, dim, norm)  # type: ignore[no-any-return]


# -- frequencies --------------------------------------------------------------------------------------------------


def _frequencies(name: str, n: int, d: float, whole: bool, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    target = arguments.numpy_dtype(dtype, Default.real)
    if target.kind not in "fc":
        raise RuntimeError(f"{name} requires a floating point or complex dtype")
    if target.kind == "c":
        raise NotImplementedError(f"\"arange_cpu\" not implemented for '{dtypes.title(target)}'")
    n = arguments.whole(n, "n")
    # As C divides, towards 0.
    length = n if whole else int(n / 2) + 1
    if length < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {length}: [{length}]")
    found = np.arange(length)
    if whole:
        found[(n + 1) // 2 :] -= n
    with np.errstate(all="ignore"):
        scale = np.float64(1.0) / (np.float64(n) * d)
        array = found.astype(target) * np.asarray(scale, target)
    return finished(np.asarray(array, target), requires_grad, device)


@function("fft", out=True)
def fftfreq(
    n: int,
    d: float = 1.0,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The frequencies of a spectrum of n points, d apart in time; the negative ones come last."""
    return _frequencies("fftfreq", n, d, True, dtype, device, requires_grad)


@function("fft", out=True)
def rfftfreq(
    n: int,
    d: float = 1.0,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The frequencies, from 0 on, of half the spectrum of n points, d apart in time."""
    return _frequencies("rfftfreq", n, d, False, dtype, device, requires_grad)


def _shifted(input: Tensor, dim: Any, back: bool) -> Tensor:
    if isinstance(dim, bool):
        raise TypeError(f"fft_{'i' * back}fftshift(): argument 'dim' must be tuple of ints, not bool")
    ndim = input._array.ndim
    dims = tuple(range(ndim)) if dim is None else arguments.sizes((dim,))
    lengths = [input._array.shape[arguments.dim(d, ndim)] for d in dims]
    return roll(input, tuple([(n + back) // 2 for n in lengths]), dims)  # type: ignore[no-any-return]


@function("fft")
def fftshift(input: Tensor, dim: Any = None) -> Tensor:
    """Frequency 0 moved from the front to the middle of these dimensions, all if none is named."""
    return _shifted(input, dim, back=False)


@function("fft")
def ifftshift(input: Tensor, dim: Any = None) -> Tensor:
    """Frequency 0 moved back from the middle to the front."""
    return _shifted(input, dim, back=True)
