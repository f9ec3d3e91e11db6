"""Activations: float16 is computed in float32."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._kernels import activation_series as series
from autodiff._kernels.blocks import row_blocks
from autodiff._kernels.half import in_single
from autodiff._kernels.late import Late
from autodiff._kernels.layout import in_rows
from autodiff._kernels.logistic import believed, bell, is_large, sigmoid
from autodiff._kernels.logistic import logistic_density as _density
from autodiff._kernels.pieces import Piece, alone, by_root, in_blocks, piecewise
from autodiff._kernels.reductions import largest_of_rows
from autodiff._kernels.summation import of_rows, total
from autodiff._kernels.twofold import two_product

Dims = tuple[int, ...]
exact, single, error_functions = Late("gelu"), Late("normal_single"), Late("error_functions")


#: The derivative of the logistic function.
logistic_density = in_single(_density)


@in_single
def softplus(x: Any, beta: float, threshold: float) -> Any:
    """log(1 + e^(beta x)) / beta, and x itself once beta x passes the threshold."""
    scaled = x * beta
    return np.where(scaled > threshold, x, np.log1p(np.exp(scaled)) / beta)


def softplus_of(x: Any) -> Any:
    """log(1 + e^x), accurate on both sides."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


@in_single
def softplus_backward(g: Any, x: Any, beta: float, threshold: float) -> Any:
    scaled = x * beta
    return np.where(scaled > threshold, g, g * sigmoid(scaled))


@in_single
def logsigmoid(x: Any) -> Any:
    """The logarithm of the logistic function: nothing is lost on either side. It lies in rows, as torch's does."""
    x = in_rows(x)
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


@in_single
def logsigmoid_backward(g: Any, x: Any) -> Any:
    return g * sigmoid(-x)


@in_single
def elu(x: Any, alpha: float, scale: float, input_scale: float) -> Any:
    """scale x where it is positive, else scale alpha (e^(input_scale x) - 1)."""
    return np.where(x > 0, x * scale, np.expm1(np.minimum(x, 0) * input_scale) * (alpha * scale))


@in_single
def elu_backward(g: Any, x: Any, alpha: float, scale: float, input_scale: float) -> Any:
    slope = np.exp(np.minimum(x, 0) * input_scale) * (alpha * scale * input_scale)
    return np.where(x > 0, g * scale, g * slope)


@in_single
def elu_backward_by_result(g: Any, out: Any, alpha: float, scale: float, input_scale: float) -> Any:
    """The same, told from the result; RuntimeError where that does not tell the input's sign."""
    refuse_falling("elu", alpha)
    return np.where(out > 0, g * scale, g * ((out + alpha * scale) * input_scale))


def refuse_falling(name: str, slope: float, more: str = "") -> None:
    """Where the slope is negative, the sign of a result is not the sign of what it overwrote."""
    if slope < 0:
        raise RuntimeError(
            f"In-place {name} backward calculation is triggered with a negative slope which is not supported. This "
            "is caused by calling in-place forward function with a negative slope, please call out-of-place version "
            f"instead.{more}"
        )


def _far_left(x: Any) -> Any:
    """Where e^x is subnormal sooner than its product with x."""
    return x < (-700 if x.dtype.itemsize == 8 else -80)


def _times_exp(x: Any) -> Any:
    half = np.exp(x / 2)
    return x * half * half


def _with_its_tail(out: Any, x: Any) -> Any:
    """An activation that is x e^x far to the left."""
    far = _far_left(x)
    return np.where(far, _times_exp(x), out) if far.any() else out


@in_single
def mish(x: Any) -> Any:
    return _wide_mish(x) if x.dtype.itemsize == 8 else _with_its_tail(_mish(x), x)


def _mish(x: Any) -> Any:
    """x tanh(softplus(x)) by w = e^-|x|, which never overflows; what is taken off is the smaller part."""
    w = np.exp(-np.abs(x))
    off = w * (w + 1)
    p, rest = two_product(x, w)
    left = p + (rest - p * (off / (w + off + 2)))
    off = 2 * w * w / (2 * off + 1)
    # At infinity nothing is taken off.
    return np.where(x < 0, left, np.where(w == 0, x, x - x * off))


_wide_mish = piecewise(
    (lambda x: abs(x) < 1, alone(lambda x: x * series.MISH_GATE(x))),
    (lambda x: x < -700, alone(_times_exp)),
    (lambda x: x == x, alone(_mish)),
)


@in_single
def mish_backward(g: Any, x: Any) -> Any:
    return g * (_mish_slope if x.dtype.itemsize == 8 else _mish_formula)(x)


def _mish_formula(x: Any) -> Any:
    """By s = sigmoid(x) and u = sigmoid(-x) in positive terms alone: tanh(softplus(x)) is s(1 + u) / (1 + u²)."""
    s, u = sigmoid(x), sigmoid(-x)
    below = u * u + 1
    return s * (u + 1) / below + x * (4 * s * (u / below) * (u / below))


def _mish_slope_left(x: Any) -> Any:
    """By w = e^x, apart from what it comes near to: w(1 + x)."""
    w = np.exp(x)
    below = w * (w + 2) + 2
    return w * (1 + x) - w * w * ((4 * x + 2) + w * ((8 * x + 4) + w * ((4 * x + 3) + w * (1 + x)))) / (below * below)


def _mish_slope_right(x: Any) -> Any:
    """By w = e^-x, apart from what it comes near to: 1."""
    w = np.exp(-x)
    below = 2 * w * (w + 1) + 1
    return 1 + 4 * w * w * ((x - 0.5) + w * (x - w - 1)) / (below * below)


def _times_exp_slope(x: Any) -> Any:
    half = np.exp(x / 2)
    return (x + 1) * half * half


_mish_slope = piecewise(
    (lambda x: x >= 0.5, alone(_mish_slope_right)),
    (lambda x: x < -700, alone(_times_exp_slope)),
    (lambda x: x <= -3, alone(_mish_slope_left)),
    (lambda x: x < -1.625, series.MISH_LEFT),
    (lambda x: x < -0.75, by_root(series.MISH_ROOT, series.MISH_BY_ROOT)),
    (lambda x: x < -0.5, series.MISH_RIGHT_0),
    (lambda x: x < 0, series.MISH_RIGHT_1),
    (lambda x: x < 1, series.MISH_RIGHT_2),
)


def halves(x: Any, dim: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where the two halves along a dimension start and stop."""
    n = x.shape[dim]
    return (0, n // 2), (n // 2, n)


@in_single
def glu(x: Any, dim: int) -> Any:
    """The first half along a dimension times the logistic function of the second."""
    a, b = np.split(x, 2, dim)
    return a * sigmoid(b)


@in_single
def gelu(x: Any) -> Any:
    """x times the normal distribution's function: nothing is lost on the left side."""
    if x.dtype.itemsize == 8:
        return exact.gelu(x)
    return single.gelu(x) if is_large(x) else x * error_functions.ndtr(x)


@in_single
def gelu_backward(g: Any, x: Any) -> Any:
    if x.dtype.itemsize == 8:
        return g * exact.gelu_slope(x)
    if is_large(x):
        return single.gelu_backward(g, x)
    return g * (error_functions.ndtr(x) + x * error_functions.normal_density(x))


@in_single
def gelu_by_tanh(x: Any) -> Any:
    """The approximation 0.5 x (1 + tanh u), as x times the logistic function of 2u."""
    return exact.gelu_by_tanh(x) if x.dtype.itemsize == 8 else x * sigmoid(twice_u(x))


@in_single
def gelu_by_tanh_slope(x: Any) -> Any:
    if x.dtype.itemsize == 8:
        return exact.gelu_by_tanh_slope(x)
    # Beyond, where the cube might overflow, it is 0 or 1, and nan at infinity.
    lost = 0 * x
    x = np.clip(x, -50, 50)
    u = twice_u(x)
    s = sigmoid(u)
    # sigmoid(-u), not 1 - s, which loses what is left of it for large u.
    return s + x * (s * sigmoid(-u)) * twice_u_slope(x) + lost


def twice_u(x: Any) -> Any:
    """The argument of the logistic function in gelu's approximation: twice that of its tanh."""
    return math.sqrt(8 / math.pi) * (x + 0.044715 * (x * x * x))


def twice_u_slope(x: Any) -> Any:
    return math.sqrt(8 / math.pi) * (1 + 3 * 0.044715 * (x * x))


@in_single
def silu(x: Any) -> Any:
    out = x / (1 + np.exp(-x))
    return _with_its_tail(out, x) if x.dtype.kind == "f" else out


@in_single
def silu_backward(g: Any, x: Any) -> Any:
    return g * (_silu_slope(x) if x.dtype.itemsize == 8 else sigmoid(x) * (1 + x * sigmoid(-x)))


def _silu_slope_left(x: Any) -> Any:
    """e(1 + e + x) / (1 + e)², by e = e^x, nearly e(1 + x)."""
    e = np.exp(x)
    return e * (1 + x) - e * e * ((1 + x) * (2 + e) - 1) / ((1 + e) * (1 + e))


_silu_slope_below = piecewise(
    (lambda x: x < -700, alone(_times_exp_slope)),
    (lambda x: x <= -3.5, alone(_silu_slope_left)),
    (lambda x: x < -1.75, series.SILU_LEFT),
    (lambda x: x < -0.875, by_root(series.SILU_ROOT, series.SILU_BY_ROOT)),
    (lambda x: x < -0.5, series.SILU_RIGHT_0),
    (lambda x: x <= 0, series.SILU_RIGHT_1),
)


@in_blocks
def _silu_slope(x: Any) -> Any:
    """The slopes at x and -x are 1 together."""
    out = _silu_slope_below(-np.abs(x))
    return np.where(x > 0, 1 - out, out)


@in_single
def softsign(x: Any) -> Any:
    """x / (1 + |x|)."""
    return x / (np.abs(x) + 1)


@in_single
def softsign_slope(x: Any) -> Any:
    """1 / (1 + |x|)², with the sum's rounding error made good."""
    size = np.abs(x)
    below = size + 1
    rest = np.where(size < 1, size - (below - 1), 1 - (below - size))
    return (1 - 2 * rest / below) / below / below


def _even(*pieces: Piece) -> Callable[[Any], Any]:
    """The function of |x| that is piecewise these."""
    right = piecewise(*pieces)
    return lambda x: right(np.abs(x))


def _cubic(x: Any) -> Any:
    """x³/3 to one rounding, and what else there is."""
    square, rest = two_product(x, x)
    cube, more = two_product(x, square)
    return cube / 3 + ((more + x * rest) / 3 - cube * square * series.TANHSHRINK_0(square))


def _square(x: Any) -> Any:
    square, rest = two_product(x, x)
    return square + (rest - square * square * series.TANH_SQUARE_0(square))


def tanhshrink(x: Any, tanh: Any) -> Any:
    """x - tanh x, in the dtype of tanh x."""
    x = x.astype(tanh.dtype, copy=False)
    return np.copysign(_tanhshrink(x), x)


_tanhshrink = _even(
    (lambda x: x < 1e-100, lambda x: x * x * x / 3),
    (lambda x: x < 0.75, _cubic),
    (lambda x: x < 1, series.TANHSHRINK_1),
    (lambda x: x < 1.5, series.TANHSHRINK_2),
    (lambda x: x >= 1.5, lambda x: _tanhshrink_far(x)),
)
_tanh_square = _even(
    (lambda x: x < 1e-140, lambda x: x * x),
    (lambda x: x < 0.5, _square),
    (lambda x: x < 1, series.TANH_SQUARE_1),
    (lambda x: x >= 1, lambda x: 1 - 4 * bell(np.exp(-2 * x))),
)


def tanh_square(tanh: Any, array: Any = None) -> Any:
    """The square of tanh x, in float64 of the argument's array as long as that is what the result belongs to."""
    plain = tanh * tanh
    return plain if array is None else believed(plain, _tanh_square(array), 1e-15 * plain)[()]


def _tanhshrink_far(x: Any) -> Any:
    e = np.exp(-2 * x)
    return (x - 1) + 2 * e / (1 + e)


def softmax(x: Any, dims: Dims) -> Any:
    """Exponentials over their sum, shifted by the largest."""
    if x.dtype.char == "e":
        return softmax(x.astype(np.float32), dims).astype(np.float16)
    x = _in_order(x)
    if not x.size:
        return x.copy()
    if _by_rows(x, dims):
        return _filled_by_rows(x, _softmax)
    out = x - np.maximum.reduce(x, axis=dims, keepdims=True)
    if not isinstance(out, np.ndarray):
        return np.exp(out)
    np.exp(out, out=out)
    return np.divide(out, total(out, dims, True), out=out)


def safe_softmax(x: Any, dims: Dims) -> Any:
    """The same, and zeros where there is nothing but -inf."""
    found = softmax(x, dims)
    empty = np.logical_and.reduce(x == -np.inf, axis=dims, keepdims=True)
    return np.where(empty, x.dtype.type(0), found) if empty.any() else found


def log_softmax(x: Any, dims: Dims) -> Any:
    """The logarithm of softmax, without forming it."""
    if x.dtype.char == "e":
        return log_softmax(x.astype(np.float32), dims).astype(np.float16)
    x = _in_order(x)
    if not x.size:
        return x.copy()
    if _by_rows(x, dims):
        return _filled_by_rows(x, _log_softmax)
    shifted = x - np.maximum.reduce(x, axis=dims, keepdims=True)
    return shifted - np.log(total(np.exp(shifted), dims, True))


def _in_order(x: Any) -> Any:
    """x in contiguous memory, however it lay: so lies torch's result."""
    return np.ascontiguousarray(x) if x.ndim > 1 else x


def _by_rows(x: Any, dims: Dims) -> bool:
    """Whether the rows are those of a matrix, to be done block by block in the cache; a few short ones need none."""
    if x.size <= _SHORT and x.ndim and x.size <= _ROWS * x.shape[-1]:
        return False
    return dims == (x.ndim - 1,) and x.flags.c_contiguous


#: Up to so many rows, of so many elements together, NumPy's own reductions are quicker.
_ROWS, _SHORT = 32, 1024


def _filled_by_rows(x: Any, step: Callable[[Any, Any], None]) -> Any:
    rows = x.reshape(-1, x.shape[-1])
    out = np.empty_like(rows)
    for part in row_blocks(rows):
        step(rows[part] - largest_of_rows(rows[part]), out[part])
    out.shape = x.shape
    return out


def _softmax(shifted: Any, out: Any) -> None:
    np.exp(shifted, out=out)
    np.divide(out, of_rows(out)[:, None], out=out)


def _log_softmax(shifted: Any, out: Any) -> None:
    np.subtract(shifted, np.log(of_rows(np.exp(shifted, out=out)))[:, None], out=out)


def softmax_backward(g: Any, out: Any, dims: Dims) -> Any:
    if out.dtype.char == "e":
        return softmax_backward(g.astype(np.float32), out.astype(np.float32), dims).astype(np.float16)
    weighted = g * out
    return weighted - out * total(weighted, dims, True)


def log_softmax_backward(g: Any, out: Any, dims: Dims) -> Any:
    if out.dtype.char == "e":
        return log_softmax_backward(g.astype(np.float32), out.astype(np.float32), dims).astype(np.float16)
    return g - np.exp(out) * total(g, dims, True)
