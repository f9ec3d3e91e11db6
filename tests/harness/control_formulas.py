"""Sixty operators in plain NumPy, each a value and its vector-Jacobian products: other formulas than an engine's, and
other orders of summation; knows no tape."""

from __future__ import annotations

import math

import numpy as np

LOG2E, LN2, ROOT = math.log2(math.e), math.log(2), math.sqrt


# -- sums, products, shapes --------------------------------------------------------------------------------------------


def total(x, dims, keepdim=False):
    """Halves added to halves from the back, not one term after the other."""
    for d in dims:
        x = np.moveaxis(x, d, 0)[::-1]
        while len(x) > 1:
            odd = x[-1:] if len(x) % 2 else x[:0]
            x = np.concatenate((x[: len(x) // 2] + x[len(x) // 2 : len(x) // 2 * 2], odd))
        x = np.moveaxis(x if len(x) else np.zeros((1, *x.shape[1:]), x.dtype), 0, d)
    return x if keepdim else np.squeeze(x, tuple(dims))


def product(a, b):
    """A sum of outer products, the last first."""
    if a.ndim == 1 or b.ndim == 1:
        left, right = (a[None] if a.ndim == 1 else a), (b[:, None] if b.ndim == 1 else b)
        out = product(left, right)
        out = out[..., 0] if b.ndim == 1 else out
        return out[..., 0, :] if a.ndim == 1 and b.ndim > 1 else out[..., 0] if a.ndim == 1 else out
    terms = a[..., :, :, None] * b[..., None, :, :]
    return total(terms, (terms.ndim - 2,))


def fitted(g, shape):
    """The gradient summed to the shape of what was broadcast, from the last dimension on."""
    while g.ndim > len(shape):
        g = total(g, (0,))
    for d in reversed(range(g.ndim)):
        if shape[d] == 1 != g.shape[d]:
            g = total(g, (d,), True)
    return g


def dims_of(x, dim):
    every = range(x.ndim) if dim is None or dim == () else dim if isinstance(dim, (tuple, list)) else (dim,)
    return tuple(sorted({d % x.ndim for d in every})) if x.ndim else ()


def swapped(x):
    return np.swapaxes(x, -1, -2)


def kept(g, x, dims, keepdim):
    return g if keepdim else np.expand_dims(g, dims)


# -- kinds of operator: each gives its value and a vjp for each array --------------------------------------------------


def unary(f, slope):
    """slope(x, y) is the derivative."""

    def run(x):
        y = f(x)
        return y, [lambda g: slope(x, y) * g]

    return run


def binary(f, left, right):
    """Slopes of x and y, broadcasting undone outside."""

    def run(x, y, alpha=1):
        z = f(x, y * alpha if alpha != 1 else y)
        both = (x, lambda g: left(x, y, z) * g), (y, lambda g: right(x, y, z) * g * alpha)
        return z, [vjp for operand, vjp in both if isinstance(operand, np.ndarray)]

    return run


def quotient(x, y, rounding_mode=None):
    """Whole quotients are flat wherever they do not jump."""
    if rounding_mode is None:
        return binary(lambda x, y: x / y, lambda x, y, z: 1 / y, lambda x, y, z: -z / y)(x, y)
    rest = np.mod if rounding_mode == "floor" else np.fmod

    def whole(x, y):
        rounded = np.round((x - rest(x, y)) / y)
        return np.where(rounded == 0, np.copysign(0, x / y), rounded).astype(rounded.dtype)

    return binary(whole, lambda x, y, z: 0, lambda x, y, z: 0)(x, y)


def reduction(f, rule):
    """rule(g, x, out, dims) on kept dimensions."""

    def run(x, dim=None, keepdim=False, **options):
        dims = dims_of(x, dim)
        out = f(x, dims, **options)
        small = out if keepdim else np.squeeze(out, dims)
        return small, [lambda g: rule(kept(g, x, dims, keepdim), x, out, dims, **options)]

    return run


def moving(f, back):
    """A rearrangement and the way back: back(g, shape, arguments)."""

    def run(x, *args, **kwargs):
        return f(x, *args, **kwargs), [lambda g: back(g, x.shape, *args, **kwargs)]

    return run


# -- single formulas ---------------------------------------------------------------------------------------------------


def tanh(x):
    e = np.expm1(-2 * np.abs(x))
    return np.copysign(e / (e + 2), x)


def sech2(x):
    e = np.exp(-np.abs(x))
    return (2 * e / (1 + e * e)) ** 2


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def sigmoid(x):
    return np.exp(-softplus(-x))


def real(x):
    """The dtype of a real function of x."""
    return x.dtype if x.dtype.kind == "f" else np.float32


def erf(x):
    return np.vectorize(math.erf, otypes=[np.float64])(x).astype(real(x))


def half_erfc(x):
    return np.vectorize(lambda t: math.erfc(-t / ROOT(2)) / 2, otypes=[np.float64])(x).astype(real(x))


def gelu(x, approximate="none"):
    if approximate == "none":
        slope = lambda g: g * (half_erfc(x) + x * np.exp2(x * x * (-LOG2E / 2)) / ROOT(2 * math.pi))
        return x * half_erfc(x), [slope]
    u = 2 * ROOT(2 / math.pi) * (x + 0.044715 * x**3)
    du = 2 * ROOT(2 / math.pi) * (1 + 0.134145 * x**2)
    return x * sigmoid(u), [lambda g: g * sigmoid(u) * (1 + x * du * sigmoid(-u))]


def softmax_of(x, dim, log=False):
    (d,) = dims_of(x, dim) or (None,)
    if d is None or not x.size:
        return (np.zeros_like(x) if log else np.ones_like(x)), [lambda g: np.zeros_like(g)]
    low = x - np.max(x, d, keepdims=True)
    lse = np.log(total(np.exp(low), (d,), True))
    if log:
        return low - lse, [lambda g: g - np.exp(low - lse) * total(g, (d,), True)]
    y = np.exp(low - lse)
    return y, [lambda g: y * (g - total(y * g, (d,), True))]


def layer_norm(x, shape, weight=None, bias=None, eps=1e-5):
    dims = tuple(range(x.ndim - len(shape), x.ndim))
    n = math.prod(shape)
    away = x - total(x, dims, True) / n
    scale = 1 / np.sqrt(total(away * away, dims, True) / n + eps)
    z = away * scale
    y = z if weight is None else z * weight
    y = y if bias is None else y + bias

    def by_x(g):
        h = g if weight is None else g * weight
        return scale * (h - total(h, dims, True) / n - z * (total(h * z, dims, True) / n))

    return y, [by_x, *([] if weight is None else [lambda g: g * z]), *([] if bias is None else [lambda g: g])]


def power(x, exponent):
    if isinstance(exponent, (int, float)):
        y = np.power(x, exponent)
        return y, [lambda g: g * (exponent * np.power(x, exponent - 1)) if exponent else g * 0]
    y = np.exp2(exponent * np.log2(x)).astype(y_dtype(x, exponent)) if isinstance(x, np.ndarray) else x**exponent
    slope_x = [lambda g: g * exponent * np.power(x, exponent - 1)] if isinstance(x, np.ndarray) else []
    return y, [*slope_x, lambda g: g * y * np.log(x)]


def y_dtype(x, y):
    return np.result_type(x, y)


def share(extreme):
    def rule(g, x, out, dims):
        tied = x == out
        return np.where(tied, g / np.count_nonzero(tied, axis=dims, keepdims=True).astype(x.dtype), 0)

    return reduction(lambda x, dims: extreme(x, axis=dims, keepdims=True) if dims else x, rule)


def others(x, dims):
    """The product of all others along the last of the dimensions, one factor at a time."""
    (d,) = dims
    x = np.moveaxis(x, d, -1)
    n = x.shape[-1]
    out = np.stack([np.prod(np.delete(x, i, -1), -1) for i in range(n)], -1) if n else x
    return np.moveaxis(out, -1, d)


def prod(x, dim=None, keepdim=False):
    if dim is None:
        flat = x.reshape(-1)
        return np.prod(flat[::-1]), [lambda g: (g * others(flat, (0,))).reshape(x.shape)]
    dims = dims_of(x, dim)
    if not dims:
        return x, [lambda g: g]
    return np.prod(np.flip(x, dims), dims, keepdims=keepdim), [lambda g: kept(g, x, dims, keepdim) * others(x, dims)]


def along(matrix, x, dim):
    """A matrix applied to one dimension."""
    first = np.moveaxis(x, dim, 0)
    flat = first.reshape(len(first), math.prod(first.shape[1:]))
    return np.moveaxis(product(matrix, flat).reshape(len(matrix), *first.shape[1:]), 0, dim)


def cumsum(x, dim):
    if not x.ndim:
        return x, [lambda g: g]
    n = x.shape[dim]
    lower = np.tril(np.ones((n, n), x.dtype))
    return along(lower, x, dim), [lambda g: along(lower.T, g, dim)]


def clamp(x, min=None, max=None):
    low, high = (-math.inf if min is None else min), (math.inf if max is None else max)
    y = np.where(x < low, low, x)
    y = np.where(y > high, high, y).astype(np.result_type(x, *[b for b in (min, max) if b is not None]))
    arrays = [b for b in (min, max) if isinstance(b, np.ndarray)]
    inside = (x >= low) & (x <= high)
    vjps = [lambda g: np.where(inside, g, 0)]
    if isinstance(min, np.ndarray):
        vjps.append(lambda g: np.where((x < low) & (low < high), g, 0))
    if isinstance(max, np.ndarray):
        vjps.append(lambda g: np.where((x > high) | (high < low), g, 0))
    return y, vjps[: 1 + len(arrays)]


def linear(x, weight, bias=None):
    y = product(x, swapped(weight) if weight.ndim > 1 else weight)
    y = y if bias is None else y + bias
    if weight.ndim == 1:
        first = [lambda g: g[..., None] * weight, lambda g: total(x * g[..., None], range(x.ndim - 1))]
    else:
        first = [
            lambda g: product(g, weight),
            lambda g: product(
                g.reshape(math.prod(g.shape[:-1]), g.shape[-1]).T, x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
            ),
        ]
    return y, [*first, *([] if bias is None else [lambda g: g])]


def matmul(a, b):
    left = lambda g: product(rows(g, a, b), swapped(matrix(b, False)))
    right = lambda g: product(swapped(matrix(a, True)), rows(g, a, b))
    return product(a, b), [
        lambda g: left(g)[..., 0, :] if a.ndim == 1 else left(g),
        lambda g: right(g)[..., 0] if b.ndim == 1 else right(g),
    ]


def matrix(x, row):
    return x if x.ndim > 1 else x[None] if row else x[:, None]


def rows(g, a, b):
    g = np.expand_dims(g, -1) if b.ndim == 1 else g
    return np.expand_dims(g, -2) if a.ndim == 1 else g


def scattered(g, shape, dim, index):
    out = np.zeros(shape, g.dtype)
    for place in reversed(list(np.ndindex(*index.shape))):
        to = list(place)
        if shape:
            to[dim] = index[place]
        out[tuple(to) if shape else ()] += g[place]
    return out


def gather(x, dim, index):
    def place(p):
        return tuple(int(index[p]) if d == dim % x.ndim else n for d, n in enumerate(p)) if x.ndim else ()

    y = np.array([x[place(p)] for p in np.ndindex(*index.shape)], x.dtype).reshape(index.shape)
    return y, [lambda g: scattered(g, x.shape, dim, index)]


def index_select(x, dim, index):
    one_hot = np.eye(x.shape[dim] if x.ndim else 1, dtype=x.dtype)[np.atleast_1d(index)]
    if not x.ndim:
        return x.copy(), [lambda g: g.reshape(())]
    return along(one_hot, x, dim), [lambda g: along(one_hot.T, g, dim)]


def joined(f, along):
    def run(xs, dim=0):
        ends = np.cumsum([0, *(x.shape[dim] if along else 1 for x in xs)])
        cut = lambda g, i: np.take(g, range(ends[i], ends[i + 1]), dim)
        part = lambda g, i: cut(g, i) if along else np.squeeze(cut(g, i), dim)
        return f(xs, dim), [lambda g, i=i: part(g, i) for i in range(len(xs))]

    return run


def mse_loss(x, y, reduction="mean", weight=None):
    d = x - y
    w = np.ones_like(d) if weight is None else weight
    n = (total(w.reshape(1, w.size), (0, 1)) or math.nan) if reduction == "mean" else 1
    value = w * d * d if reduction == "none" else total((w * d * d).reshape(1, d.size), (0, 1)) / n
    by_weight = [lambda g: g * (d * d - (value if reduction == "mean" else 0)) / n]
    vjps = [lambda g: w * d * g * (2 / n), lambda g: w * d * g * (-2 / n), *(by_weight if weight is not None else [])]
    return np.asarray(value, x.dtype), vjps


def var(x, dims, correction=1):
    n = math.prod(x.shape[d] for d in dims)
    away = x - total(x, dims, True) / n
    return total(away * away, dims, True) / (n - correction)


def var_rule(g, x, out, dims, correction=1):
    n = math.prod(x.shape[d] for d in dims)
    return g * ((x - total(x, dims, True) / n) * np.divide(2.0, n - correction))


def logsumexp(x, dims):
    if not math.prod(x.shape[d] for d in dims):
        return np.log(total(x, dims, True))
    top = np.max(x, dims, keepdims=True) if dims else x
    return top + np.log(total(np.exp(x - top), dims, True))


def expanded(x, *sizes):
    size = sizes[0] if isinstance(sizes[0], (tuple, list)) else sizes
    full = [n if n >= 0 else x.shape[i - (len(size) - x.ndim)] for i, n in enumerate(size)]
    return np.array(np.broadcast_to(x, full)), [lambda g: g]


def permuted(x, *dims):
    order = dims[0] if dims and isinstance(dims[0], (tuple, list)) else dims
    return np.transpose(x, order), [lambda g: np.transpose(g, np.argsort([d % max(x.ndim, 1) for d in order]))]


def squeezed(x, dim=None):
    dims = tuple(d for d in (range(x.ndim) if dim is None else dims_of(x, dim)) if x.shape[d] == 1)
    return np.squeeze(x, dims) if dims else x.copy(), [lambda g: g.reshape(x.shape)]


def where(condition, x, y):
    # A Python number decides only between kinds of number; what only it makes floating is float32.
    arrays = [v.dtype for v in (x, y) if isinstance(v, np.ndarray)]
    kind = np.result_type(*arrays, *[v for v in (x, y) if not isinstance(v, np.ndarray)])
    if kind.kind == "f" and not any(dtype.kind == "f" for dtype in arrays):
        kind = np.dtype(np.float32)
    numbers = [isinstance(v, np.ndarray) for v in (x, y)]
    vjps = [lambda g: g * condition, lambda g: g * ~condition]
    return np.where(condition, x, y).astype(kind), [None, *[v for v, array in zip(vjps, numbers) if array]]


def masked_fill(x, mask, value):
    second = [lambda g: total(np.where(mask, g, 0).reshape(-1), (0,))] if isinstance(value, np.ndarray) else []
    return np.where(mask, value, x).astype(x.dtype), [lambda g: np.where(mask, 0, g), None, *second]


def tie(x, y):
    return np.where(x == y, 0.5, 0.0).astype(np.result_type(x, y)) if np.ndim(x) or np.ndim(y) else 0.5 * (x == y)


SOFT = {"softmax": False, "log_softmax": True}
TABLE = {
    "add": binary(lambda x, y: y + x, lambda x, y, z: 1, lambda x, y, z: 1),
    "sub": binary(lambda x, y: -y + x, lambda x, y, z: 1, lambda x, y, z: -1),
    "mul": binary(lambda x, y: y * x, lambda x, y, z: y, lambda x, y, z: x),
    "div": quotient,
    "maximum": binary(np.fmax, lambda x, y, z: (x > y) + tie(x, y), lambda x, y, z: (y > x) + tie(x, y)),
    "minimum": binary(np.fmin, lambda x, y, z: (x < y) + tie(x, y), lambda x, y, z: (y < x) + tie(x, y)),
    "hypot": binary(lambda x, y: np.sqrt(x * x + y * y), lambda x, y, z: x / z, lambda x, y, z: y / z),
    "atan2": binary(lambda y, x: np.angle(x + 1j * y).astype(np.result_type(x, y)),
                    lambda y, x, z: x / (x * x + y * y), lambda y, x, z: -y / (x * x + y * y)),
    "pow": power,
    "neg": unary(lambda x: x * -1, lambda x, y: -1),
    "abs": unary(lambda x: np.copysign(x, 1), lambda x, y: np.sign(x)),
    "square": unary(lambda x: x**2, lambda x, y: x + x),
    "reciprocal": unary(lambda x: np.power(x, -1.0), lambda x, y: -1 / (x * x)),
    "exp": unary(lambda x: np.exp2(x * LOG2E), lambda x, y: y),
    "expm1": unary(lambda x: 2 * np.sinh(x / 2) * np.exp(x / 2), lambda x, y: np.exp(x)),
    "log": unary(lambda x: np.log2(x) * LN2, lambda x, y: 1 / x),
    "log1p": unary(lambda x: 2 * np.arctanh(x / (2 + x)), lambda x, y: 1 / (1 + x)),
    "sqrt": unary(lambda x: np.power(x, 0.5), lambda x, y: 1 / (2 * np.sqrt(x))),
    "rsqrt": unary(lambda x: np.sqrt(1 / x), lambda x, y: -y / (2 * x)),
    "sin": unary(lambda x: 2 * np.sin(x / 2) * np.cos(x / 2), lambda x, y: np.cos(x)),
    "cos": unary(lambda x: (np.cos(x / 2) - np.sin(x / 2)) * (np.cos(x / 2) + np.sin(x / 2)),
                 lambda x, y: -np.sin(x)),
    "tan": unary(lambda x: np.sin(x) / np.cos(x), lambda x, y: 1 / np.cos(x) ** 2),
    "sinh": unary(lambda x: (np.expm1(x) - np.expm1(-x)) / 2, lambda x, y: np.cosh(x)),
    "cosh": unary(lambda x: (np.exp(x) + np.exp(-x)) / 2, lambda x, y: np.sinh(x)),
    "tanh": unary(tanh, lambda x, y: sech2(x)),
    "asin": unary(lambda x: np.arctan2(x, np.sqrt((1 - x) * (1 + x))), lambda x, y: 1 / np.sqrt((1 - x) * (1 + x))),
    "acos": unary(lambda x: np.arctan2(np.sqrt((1 - x) * (1 + x)), x), lambda x, y: -1 / np.sqrt((1 - x) * (1 + x))),
    "atan": unary(lambda x: np.copysign(np.angle(1 + 1j * x), x).astype(real(x)), lambda x, y: 1 / (1 + x * x)),
    "sigmoid": unary(sigmoid, lambda x, y: y * sigmoid(-x)),
    "erf": unary(erf, lambda x, y: np.exp2(-(x * x) * LOG2E) * (2 / ROOT(math.pi))),
    "relu": unary(lambda x: np.where(x > 0, x, 0).astype(x.dtype), lambda x, y: x > 0),
    "nn.functional.relu": unary(lambda x: np.clip(x, 0, None), lambda x, y: x > 0),
    "nn.functional.softplus": lambda x, beta=1.0, threshold=20.0: (
        np.where(x * beta > threshold, x, softplus(x * beta) / beta).astype(real(x)),
        [lambda g: g * np.where(x * beta > threshold, 1, sigmoid(x * beta))],
    ),
    "nn.functional.gelu": gelu,
    "clamp": clamp,
    "where": where,
    "masked_fill": masked_fill,
    "sum": reduction(lambda x, dims: total(x, dims, True), lambda g, x, out, dims: np.broadcast_to(g, x.shape)),
    "mean": reduction(lambda x, dims: total(x, dims, True) / (math.prod(x.shape[d] for d in dims) or math.nan),
                      lambda g, x, out, dims: np.broadcast_to(g / math.prod(x.shape[d] for d in dims), x.shape)),
    "var": reduction(var, var_rule),
    "logsumexp": reduction(logsumexp, lambda g, x, out, dims: g * np.exp(x - out)),
    "amax": share(np.max),
    "amin": share(np.min),
    "prod": prod,
    "cumsum": cumsum,
    **{name: (lambda x, dim, log=log: softmax_of(x, dim, log)) for name, log in SOFT.items()},
    **{f"nn.functional.{name}": (lambda x, dim, log=log: softmax_of(x, dim, log)) for name, log in SOFT.items()},
    "nn.functional.layer_norm": layer_norm,
    "nn.functional.mse_loss": mse_loss,
    "matmul": matmul,
    "mm": matmul,
    "bmm": matmul,
    "mv": matmul,
    "dot": matmul,
    "outer": lambda a, b: (a[:, None] * b, [lambda g: product(g, b), lambda g: product(a, g)]),
    "nn.functional.linear": linear,
    "t": lambda x: (x.T, [lambda g: g.T]),
    "reshape": moving(lambda x, shape: x.reshape(shape), lambda g, s, shape: g.reshape(s)),
    "unsqueeze": moving(np.expand_dims, lambda g, s, dim: g.reshape(s)),
    "transpose": moving(lambda x, a, b: np.swapaxes(x, a, b) if x.ndim else x,
                        lambda g, s, a, b: np.swapaxes(g, a, b) if s else g),
    "flip": moving(lambda x, dims: x[tuple(slice(None, None, -1 if d in dims_of(x, dims) and dims else 1)
                                           for d in range(x.ndim))],
                   lambda g, s, dims: np.flip(g, dims) if dims else g),
    "permute": permuted,
    "squeeze": squeezed,
    "expand": expanded,
    "cat": joined(lambda xs, dim: np.concatenate(xs, dim), True),
    "stack": joined(lambda xs, dim: np.stack(xs, dim), False),
    "gather": gather,
    "index_select": index_select,
}  # fmt: skip
