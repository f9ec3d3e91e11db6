"""Reading and writing along one dimension by a tensor of indices, and by masks, in torch's signatures."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import arguments, dtypes
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.conversion import checked_number
from autodiff._functions.indexing import put_value, reading
from autodiff._functions.shape import broadcast_to, common_shape, reshaped

METHOD = "Tensor"
NUMBER = (bool, int, float, complex)


def _named(x: Tensor) -> str:
    return dtypes.title(x._array.dtype)


def _whole_index(name: str, index: Tensor, text: str = "int32/int64") -> None:
    if index._array.dtype.name not in ("int64", "int32"):
        raise RuntimeError(f"{name}(): Expected dtype {text} for index")


def _check_bounds(
    index: Any, n: int, d: int, error: type[Exception] = RuntimeError, low: int = 0, before: str = ""
) -> None:
    """Raise unless every index lies in [low, n)."""
    if index.size and not (index.min() >= low and index.max() < n):
        bad = index[(index < low) | (index >= n)].ravel()[0] if index.ndim else index
        raise error(f"{before}index {bad} is out of bounds for dimension {d} with size {n}")


# -- one index for each element ------------------------------------------------------------------------------


@function(out=True)
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """input at `index` along `dim`: the result has the index's shape."""
    d = arguments.dim(dim, input._array.ndim)
    _whole_index("gather", index)
    _check_along(input, index, d, "input")
    return ops.gather(input, index, dim=d)  # type: ignore[no-any-return]


def _check_along(input: Tensor, index: Tensor, d: int, of: str) -> None:
    shape, wanted = input._array.shape or (1,), index._array.shape or (1,)
    if not index._array.size:
        return
    if len(shape) != len(wanted):
        raise RuntimeError(f"Index tensor must have the same number of dimensions as {of} tensor")
    for i, (n, m) in enumerate(zip(shape, wanted)):
        if i != d and m > n:
            raise RuntimeError(
                f"Size does not match at dimension {i} expected index {list(wanted)} to be no larger than "
                f"self "
                f"{list(shape)} apart from dimension {d}"
            )
    _check_bounds(index._array, shape[d], d)


@function(out=True)
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """Like `gather`, with the other dimensions broadcast; flattened if no dim is named."""
    if dim is None:
        return gather(reshaped(input, (input._array.size,)), 0, reshaped(indices, (indices._array.size,)))
    shape, wanted = list(input._array.shape), list(indices._array.shape)
    if len(shape) != len(wanted):
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, "
            f"but got {len(shape)} dimensions for input, and {len(wanted)} dimensions for indices"
        )
    d = arguments.dim(dim, len(shape))
    along = (shape[d], wanted[d])
    shape[d] = wanted[d] = 1
    both = list(_broadcast(tuple(shape), tuple(wanted)))
    x = broadcast_to(input, (*both[:d], along[0], *both[d + 1 :]))
    return gather(x, d, broadcast_to(indices, (*both[:d], along[1], *both[d + 1 :])))


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    from_errors = next(((i, n, m) for i, (n, m) in enumerate(zip(a, b)) if n != m and 1 not in (n, m)), None)
    if from_errors:
        i, n, m = from_errors
        raise RuntimeError(
            f"The size of tensor a ({n}) must match the size of tensor b ({m}) at non-singleton dimension {i}"
        )
    return common_shape([a, b])


def _check_scatter(input: Tensor, d: int, index: Tensor, src: Any) -> None:
    _whole_index("scatter", index)
    shape, wanted = input._array.shape or (1,), index._array.shape or (1,)
    if isinstance(src, Tensor) and src._array.dtype is not input._array.dtype:
        raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
    if not index._array.size:
        return
    if len(shape) != len(wanted):
        raise RuntimeError("Index tensor must have the same number of dimensions as self tensor")
    given = (src._array.shape or (1,)) if isinstance(src, Tensor) else wanted
    if len(given) != len(wanted):
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    if any((i != d and m > n) or m > k for i, (n, m, k) in enumerate(zip(shape, wanted, given))):
        raise RuntimeError(
            f"Expected index {list(wanted)} to be no larger than self {list(shape)} apart from dimension {d}"
            + (f" and to be no larger size than src {list(given)}" if isinstance(src, Tensor) else "")
        )
    _check_bounds(index._array, shape[d], d)


@function(inplace=True, out=True)
def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """A copy that holds src (tensor or number) at `index` along `dim`; of several for one place the last."""
    src = value if src is None else src
    d = arguments.dim(dim, input._array.ndim)
    _check_scatter(input, d, index, src)
    if reduce == "add":
        full = src if isinstance(src, Tensor) else wrap(np.full(index._array.shape, src, input._array.dtype))
        return ops.scatter_add(input, index, full, dim=d)  # type: ignore[no-any-return]
    if reduce is not None:
        raise RuntimeError(f"reduce argument must be 'add' here, got {reduce!r}")
    if isinstance(src, Tensor):
        return ops.scatter(input, index, src, dim=d)  # type: ignore[no-any-return]
    return ops.scatter_value(input, index, value=checked_number(src, input._array.dtype), dim=d)  # type: ignore[no-any-return]


@function(inplace=True, out=True)
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """input with src added at `index` along `dim`."""
    if not isinstance(src, Tensor):
        raise TypeError(f"scatter_add(): argument 'src' (position 3) must be Tensor, not {type(src).__name__}")
    d = arguments.dim(dim, input._array.ndim)
    _check_scatter(input, d, index, src)
    return ops.scatter_add(input, index, src, dim=d)  # type: ignore[no-any-return]


# -- one index for each slice --------------------------------------------------------------------------------


@function(out=True)
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices along `dim` that `index` names."""
    d = arguments.dim(dim, input._array.ndim)
    if index._array.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    _whole_index("index_select", index, "int32 or int64")
    places, n = index._array, (input._array.shape or (1,))[d]
    if places.size and not (places.min() >= 0 and places.max() < n):
        raise IndexError("index out of range in self")
    return ops.index_select(input, index, dim=d)  # type: ignore[no-any-return]


def _slices(name: str, input: Tensor, dim: int, index: Tensor, source: Tensor) -> int:
    d = arguments.dim(dim, input._array.ndim)
    shape, given = input._array.shape, source._array.shape
    count = given[d] if given else 1
    if index._array.size != count:
        raise RuntimeError(
            f"{name}_(): Number of indices ({index._array.size}) should be equal to source.size(dim): "
            f"({count}), for dim: {d}"
        )
    if bool(shape) != bool(given) or shape[:d] != given[:d] or shape[d + 1 :] != given[d + 1 :]:
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got "
            "self.shape = "
            f"{list(shape)} source.shape = {list(given)}"
        )
    return d


@function(inplace=True, out=True)
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """input with alpha * source added to the slices along `dim` that `index` names."""
    if source._array.dtype is not input._array.dtype:
        raise RuntimeError(
            f"index_add_(): self ({_named(input)}) and source ({_named(source)}) must have the same scalar type"
        )
    d = _slices("index_add", input, dim, index, source)
    _check_bounds(index._array, (input._array.shape or (1,))[d], d)
    return ops.index_add(input, index, source, dim=d, alpha=alpha)  # type: ignore[no-any-return]


@function(inplace=True, out=True)
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy in which the slices along `dim` that `index` names hold source."""
    if source._array.dtype is not input._array.dtype:
        raise RuntimeError(
            "index_copy_(): self and source expected to have the same dtype, but got (self) "
            f"{_named(input)} and (source) {_named(source)}"
        )
    d = _slices("index_copy", input, dim, index, source)
    _check_bounds(index._array, (input._array.shape or (1,))[d], d, IndexError, before="index_copy_(): ")
    return ops.index_copy(input, index, source, dim=d)  # type: ignore[no-any-return]


@function(inplace=True)
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy in which the slices along `dim` that `index` names hold one value."""
    d = arguments.dim(dim, input._array.ndim)
    n = (input._array.shape or (1,))[d]
    _check_bounds(index._array, n, d, IndexError, -n)
    if isinstance(value, Tensor):
        if value._array.ndim:
            raise RuntimeError(
                f"index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                f"{value._array.ndim} dimension(s)."
            )
        return ops.index_fill_tensor(input, index, ops.to(value, dtype=input._array.dtype), dim=d)  # type: ignore[no-any-return]
    return ops.index_fill(input, index, value=checked_number(value, input._array.dtype), dim=d)  # type: ignore[no-any-return]


@function(out=True)
def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements at `index`, counted flat."""
    if index._array.dtype.name != "int64":
        raise RuntimeError(f"take(): Expected a long tensor for index, but got {_named(index)}")
    places, n = index._array, input._array.size
    if places.size and not (places.min() >= -n and places.max() < n):
        bad = places[(places < -n) | (places >= n)].ravel()[0]
        raise IndexError(f"out of range: tried to access index {bad} on a tensor of {n} elements.")
    return ops.take(input, index)  # type: ignore[no-any-return]


@function(inplace=True)
def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy in which `input[indices]` holds the values, or has them added."""
    view, places = reading(input, tuple(indices))
    value = put_value(view, places, values, False)
    return ops.index_put(view, value, indices=places, accumulate=bool(accumulate))  # type: ignore[no-any-return]


@function("nn.functional")
def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of weight at the indices; the row `padding_idx` gets no gradient."""
    indices, table = input._array, weight._array
    if table.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    if indices.dtype.name not in ("int64", "int32"):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"torch.{dtypes.title(indices.dtype)}Tensor instead (while checking arguments for embedding)"
        )
    if max_norm is not None or sparse:
        raise NotImplementedError("embedding(): max_norm and sparse gradients are not supported")
    rows = table.shape[0]
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise AssertionError("Padding_idx must be within num_embeddings")
        padding_idx %= rows
    if indices.size and (indices.min() < 0 or indices.max() >= rows):
        raise IndexError("index out of range in self")
    return ops.embedding(weight, input, padding=padding_idx, by_frequency=bool(scale_grad_by_freq))  # type: ignore[no-any-return]
