"""Discrete Fourier transforms by SciPy's pocketfft, laid in memory as torch lays its own.

Single precision is computed in double, which costs twice the time and gives every digit. `norm` divides by nothing (0),
by the root of the number of points (1), or by that number (2). Knows no operator.
"""

from __future__ import annotations

from typing import Any

import scipy.fft

from autodiff._kernels.layout import in_rows

Dims = tuple[int, ...]

#: What SciPy calls each norm, on the way there and on the way back.
_THERE = ("backward", "ortho", "forward")
_BACK = ("forward", "ortho", "backward")


def _in_order(x: Any, dims: Dims, last: bool) -> list[int]:
    """The dimensions as torch lays the result's: those transformed innermost, the widest strides first."""
    steps = [-abs(s) for s in x.strides]
    along = sorted(dims[:-1] if last else dims, key=steps.__getitem__)
    return [*sorted(set(range(x.ndim)) - set(dims), key=steps.__getitem__), *along, *(dims[-1:] if last else ())]


def _laid(transform: Any, x: Any, dims: Dims, last: bool, **settings: Any) -> Any:
    """A transform along the last dimensions, when these dims stand there; `last`: the last of them stays so."""
    order = _in_order(x, dims, last)
    wide = x.transpose(order).astype("D" if x.dtype.kind == "c" else "d", copy=False)
    found = transform(wide, axes=tuple(range(x.ndim - len(dims), x.ndim)), **settings)
    if x.dtype.itemsize == (8 if x.dtype.kind == "c" else 4):
        found = found.astype("F" if found.dtype.kind == "c" else "f")
    return in_rows(found).transpose(sorted(range(x.ndim), key=order.__getitem__))


def fft_c2c(x: Any, dims: Dims, norm: int, forward: bool) -> Any:
    """Complex numbers from complex ones."""
    if not dims:
        return x.copy("C")
    if forward:
        return _laid(scipy.fft.fftn, x, dims, False, norm=_THERE[norm])
    return _laid(scipy.fft.ifftn, x, dims, False, norm=_BACK[norm])


def fft_r2c(x: Any, dims: Dims, norm: int, onesided: bool) -> Any:
    """Of real numbers; the half of the last dimension that tells the other, if `onesided`."""
    transform = scipy.fft.rfftn if onesided else scipy.fft.fftn
    found = _laid(transform, x, dims, onesided, norm=_THERE[norm])
    if not onesided and len(dims) == 1:
        # The sum, and that with alternating signs, are real: SciPy conjugates them, which leaves -0.
        real = [0, x.shape[dims[0]] // 2] if x.shape[dims[0]] % 2 == 0 else [0]
        found.imag[(*(slice(None),) * dims[0], real)] += 0.0
    return found


def fft_c2r(x: Any, dims: Dims, norm: int, size: int) -> Any:
    """`size` real numbers along the last dimension, of which half a spectrum is given."""
    lengths = {"s": [*sorted_lengths(x, dims), size]}
    return _laid(scipy.fft.irfftn, x, dims, True, norm=_BACK[norm], **lengths)


def sorted_lengths(x: Any, dims: Dims) -> list[int]:
    """The lengths of all these dims but the last, in the order in which they are laid."""
    order = _in_order(x, dims, True)
    return [x.shape[d] for d in order[x.ndim - len(dims) : -1]]


def _interior(x: Any, dim: int, size: int, factor: float) -> Any:
    """What stands for two frequencies of a spectrum of `size` multiplied."""
    found = x.copy()
    found[(*(slice(None),) * dim, slice(1, (size + 1) // 2))] *= factor
    return found


def fft_r2c_back(g: Any, dims: Dims, norm: int, size: int) -> Any:
    """fft_r2c's adjoint, of half a spectrum: what was left out is 0."""
    return fft_c2r(_interior(g, dims[-1], size, 0.5), dims, norm, size)


def fft_c2r_back(g: Any, dims: Dims, norm: int) -> Any:
    """fft_c2r's adjoint: what stood for two frequencies counts twice."""
    size = g.shape[dims[-1]]
    return _interior(fft_r2c(g, dims, norm, True), dims[-1], size, 2.0)
