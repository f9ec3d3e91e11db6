"""Reading and writing along one dimension by a tensor of indices, and by masks, in torch's signatures."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import arguments, dtypes
from autodiff._core.function import function
from autodiff._core.promotion import plain
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


# -- one index for each element ---------------------------------------------------------------------------------------


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
                f"Size does not match at dimension {i} expected index {list(wanted)} to be no larger than self "
                f"{list(shape)} apart from dimension {d}"
            )
    _check_bounds(index._array, shape[d], d)


@function()
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
    if isinstance(src, Tensor):
        if src._array.dtype is not input._array.dtype:
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
    """A copy that holds src (a tensor, or a number) at `index` along `dim`; of several for one place the last wins."""
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
        raise TypeError(
            f"scatter_add(): argument 'src' (position 3) must be Tensor, not {type(src).__name__}"
        )
    d = arguments.dim(dim, input._array.ndim)
    _check_scatter(input, d, index, src)
    return ops.scatter_add(input, index, src, dim=d)  # type: ignore[no-any-return]


# -- one index for each slice -----------------------------------------------------------------------------------------


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
            f"{name}_(): Number of indices ({index._array.size}) should be equal to source.size(dim): ({count}), for dim: {d}"
        )
    if bool(shape) != bool(given) or shape[:d] != given[:d] or shape[d + 1 :] != given[d + 1 :]:
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = "
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
                f"index_fill_ only supports a 0-dimensional value tensor, but got tensor with {value._array.ndim} dimension(s)."
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


# -- masks ------------------------------------------------------------------------------------------------------------


@function(method=False, out=True)
def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """input where the condition holds, else other; with the condition alone, the indices where it holds."""
    if input is None and other is None:
        return nonzero(condition, as_tuple=True)
    if not isinstance(condition, Tensor) and isinstance(input, Tensor):
        raise TypeError(
            f"where(): argument 'condition' (position 1) must be Tensor, not {type(condition).__name__}"
        )
    if input is None or other is None:
        raise TypeError(
            "where() received an invalid combination of arguments: input and other belong together"
        )
    mask = condition._array
    if mask.dtype.kind != "b":
        if mask.dtype.name != "uint8":
            raise RuntimeError(
                f"where expected condition to be a boolean tensor, but got a tensor with dtype {_named(condition)}"
            )
        condition = ops.to(condition, dtype=np.dtype("bool"))
    pair = [_number_or_tensor(x) for x in (input, other)]
    arrays = [x._array if isinstance(x, Tensor) else x for x in pair]
    target = dtypes.result_type(arrays)
    pair = [
        (x if x._array.dtype is target else ops.to(x, dtype=target))
        if isinstance(x, Tensor)
        else np.asarray(x).astype(target)[()]
        for x in pair
    ]
    try:
        return ops.where(condition, *pair)
    except ValueError:
        shapes = [np.shape(a) for a in (mask, *arrays)]
        raise _unequal(shapes) from None


def _unequal(shapes: list[tuple[int, ...]]) -> RuntimeError:
    """torch's sentence for the first pair of these shapes that do not broadcast."""
    a: tuple[int, ...] = ()
    for b in shapes:
        try:
            a = np.broadcast_shapes(a, b)
        except ValueError:
            width = max(len(a), len(b))
            long_a, long_b = (1,) * (width - len(a)) + a, (1,) * (width - len(b)) + b
            i = next(
                i
                for i in reversed(range(width))
                if long_a[i] != long_b[i] and 1 not in (long_a[i], long_b[i])
            )
            return RuntimeError(
                f"The size of tensor a ({long_a[i]}) must match the size of tensor b ({long_b[i]}) at non-singleton dimension {i}"
            )
    return RuntimeError(f"shapes {shapes} cannot be broadcast together")


def _number_or_tensor(x: Any) -> Any:
    if isinstance(x, Tensor):
        return x
    x = plain(x)
    if not isinstance(x, NUMBER):
        raise TypeError(f"where(): argument must be Tensor or Number, not {type(x).__name__}")
    return x


@function(METHOD, name="where", method=True)
def where_method(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """This tensor where the condition holds, else other."""
    return where(condition, self, other)  # type: ignore[no-any-return]


def _check_mask(mask: Tensor, sentence: str) -> None:
    if mask._array.dtype.kind != "b":
        raise RuntimeError(sentence)


@function(inplace=True, out=True)
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """A copy that holds `value` (a number or a 0-dim tensor) wherever the mask holds."""
    if mask._array.dtype.kind != "b":
        kind = {"float32": "float", "float64": "double", "int64": "long int", "uint8": "unsigned char"}
        given = kind.get(mask._array.dtype.name, mask._array.dtype.name)
        raise RuntimeError(f"masked_fill_ only supports boolean masks, but got mask with dtype {given}")
    try:
        if isinstance(value, Tensor):
            if value._array.ndim:
                raise RuntimeError(
                    f"masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {value._array.ndim} dimension(s)."
                )
            if not dtypes.can_cast(value._array.dtype, input._array.dtype):
                raise RuntimeError(
                    f"result type {_named(value)} can't be cast to the desired output type {_named(input)}"
                )
            return ops.masked_fill_tensor(input, ops.to(value, dtype=input._array.dtype), mask)  # type: ignore[no-any-return]
        return ops.masked_fill(input, mask, value=checked_number(value, input._array.dtype))  # type: ignore[no-any-return]
    except ValueError:
        raise _unequal([input._array.shape, mask._array.shape]) from None


@function(out=True)
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask holds, in order."""
    _check_mask(mask, "masked_select: expected BoolTensor for mask")
    try:
        return ops.masked_select(input, mask)  # type: ignore[no-any-return]
    except ValueError:
        raise _unequal([input._array.shape, mask._array.shape]) from None


@function(inplace=True)
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy that holds the first elements of source, in order, wherever the mask holds."""
    _check_mask(mask, "masked_scatter: expected BoolTensor for mask")
    if source._array.dtype is not input._array.dtype:
        raise RuntimeError(
            f"masked_scatter: expected self and source to have same dtypes but got{_named(input)} and {_named(source)}"
        )
    shape = _broadcast_pair(input, mask)
    if np.count_nonzero(np.broadcast_to(mask._array, shape)) > source._array.size:
        raise RuntimeError("Number of elements of source < number of ones in mask")
    return ops.masked_scatter(input, source, mask)  # type: ignore[no-any-return]


def _broadcast_pair(a: Tensor, b: Tensor) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(a._array.shape, b._array.shape)
    except ValueError:
        raise _unequal([a._array.shape, b._array.shape]) from None


@function()
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of the elements that are not 0: a row for each, or a tensor for each dimension."""
    array = np.asarray(input._array)
    if as_tuple:
        return tuple([wrap(np.array(i)) for i in np.atleast_1d(array).nonzero()])
    return wrap(np.array(np.argwhere(array), order="C"))


@function()
def argwhere(input: Tensor) -> Tensor:
    return nonzero(input)  # type: ignore[no-any-return]


# -- parts of a tensor ------------------------------------------------------------------------------------------------


@function()
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of two dimensions, as a last one; a view."""
    a, b = arguments.dim(dim1, input._array.ndim), arguments.dim(dim2, input._array.ndim)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return ops.diagonal(input, offset=offset, dim1=a, dim2=b)  # type: ignore[no-any-return]


@function(METHOD, method=True)
def unfold(self: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Windows of `size` along a dimension, `step` apart, as a last one; a view."""
    d = arguments.dim(dimension, self._array.ndim)
    n = (self._array.shape or (1,))[d]
    if size > n:
        raise RuntimeError(f"maximum size for tensor at dimension {d} is {n} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    return ops.unfold(self, dim=d, size=size, step=step)  # type: ignore[no-any-return]


@function(out=True, inplace=True)
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle; zeros elsewhere."""
    if input._array.ndim < 2:
        raise RuntimeError("triu: input tensor must have at least 2 dimensions")
    return ops.triu(input, diagonal=diagonal)  # type: ignore[no-any-return]


@function(out=True, inplace=True)
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle; zeros elsewhere."""
    if input._array.ndim < 2:
        raise RuntimeError("tril: input tensor must have at least 2 dimensions")
    return ops.tril(input, diagonal=diagonal)  # type: ignore[no-any-return]
