"""vmap: a function of one sample, run on all of them at once. Knows arguments; rules stand in _core/batching.py."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from autodiff._core.batched import Batched, Level, at_work, batched, entered, spread
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._primitives import batching as _rules  # noqa: F401
from autodiff.func.pytrees import Spec, broadcast, flatten, unflatten

RANDOMNESS = ("error", "different", "same")


def named(function: Callable[..., Any]) -> str:
    """A function's name, as errors say it."""
    return getattr(function, "__name__", repr(function))


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """`func` on every sample along `in_dims` of its tensors, the results along `out_dims`.

    Dimensions may be negative, and nested like the arguments and results; None is the same for all samples. Keyword
    arguments are the same for all. `randomness` says whether random operators raise, draw for each sample, or once.
    Raises ValueError for dimensions that do not fit, RuntimeError where `func` asks for values.
    """
    if randomness not in RANDOMNESS:
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")
    if chunk_size is not None and not chunk_size > 0:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")
    if not callable(func):
        raise TypeError(f"{type(func).__name__!r} object is not callable")

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        size, dims, leaves, spec = _inputs(func, in_dims, args)
        if chunk_size is None or chunk_size >= size:
            found, out_spec = _run(func, size, dims, leaves, spec, out_dims, randomness, kwargs)
            return unflatten(found, out_spec)
        columns: list[list[Tensor]] = []
        for start in range(0, size, chunk_size):
            stop = min(start + chunk_size, size)
            part = [
                x if d is None else ops.slice(x, dim=d, start=start, stop=stop, step=1) for x, d in zip(leaves, dims)
            ]
            found, out_spec = _run(func, stop - start, dims, part, spec, out_dims, randomness, kwargs)
            columns.append(found)
        places = _out_dims(func, out_dims, out_spec)
        return unflatten([_joined(list(c), d) for c, d in zip(zip(*columns), places)], out_spec)

    return wrapped


def _joined(parts: list[Any], dim: int | None) -> Any:
    if dim is None:
        return parts[0]
    return ops.cat(*parts, dim=dim + parts[0]._array.ndim if dim < 0 else dim)


def _run(
    func: Callable[..., Any],
    size: int,
    dims: list[int | None],
    leaves: list[Any],
    spec: Spec,
    out_dims: Any,
    randomness: str,
    kwargs: dict[str, Any],
) -> tuple[list[Any], Spec]:
    with at_work(size, randomness) as at:
        args = unflatten([x if d is None else entered(x, d, at) for x, d in zip(leaves, dims)], spec)
        results, out_spec = flatten(func(*args, **kwargs))
        places = _out_dims(func, out_dims, out_spec)
        return [_left(func, x, d, at) for x, d in zip(results, places)], out_spec


def varies(x: Any, at: Level) -> bool:
    """Whether a result differs from sample to sample of this vmap."""
    return isinstance(x, Batched) and at in x._levels


def _left(func: Callable[..., Any], x: Any, dim: int | None, at: Level) -> Any:
    """A result outside of the vmap: its samples along a dimension, counted from either end of the result's."""
    if dim is None:
        if varies(x, at):
            name = named(func)
            raise ValueError(f"vmap({name}, ...): `{name}` can not return a BatchedTensor when out_dim is None")
        return x
    if not isinstance(x, Tensor):
        name = named(func)
        raise ValueError(
            f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(x)}. Did you mean to set out_dims= "
            "to None for output?"
        )
    ndim = x._array.ndim + 1
    if not -ndim <= dim < ndim:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {dim})")
    return outside(x, dim % ndim, at)


def outside(x: Tensor, place: int, at: Level) -> Tensor:
    """A tensor outside of the vmap, its samples along a dimension."""
    levels = tuple([each for each in (x._levels if isinstance(x, Batched) else ()) if each is not at])
    value = spread(x, (*levels, at))
    lead, ndim = len(levels), x._array.ndim + 1
    if place:
        order = [*range(lead), *range(lead + 1, lead + ndim)]
        order.insert(lead + place, lead)
        value = ops.permute(value, dims=tuple(order))
    return batched(value, levels)


# -- dimensions ---------------------------------------------------------------------------------------------------


def _inputs(
    func: Callable[..., Any], in_dims: Any, args: tuple[Any, ...]
) -> tuple[int, list[int | None], list[Any], Spec]:
    """How many samples there are, a dimension per leaf of the arguments, and the leaves. Raises ValueError."""
    call = f"vmap({named(func)}, in_dims={in_dims}, ...)(<inputs>)"
    if not isinstance(in_dims, (int, tuple)):
        raise ValueError(
            f"{call}: expected `in_dims` to be int or a (potentially nested) tuple matching the structure of inputs, "
            f"got: {type(in_dims)}."
        )
    if not args:
        raise ValueError(
            f"vmap({named(func)})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to vmap "
            "over a function with no inputs. The latter is unsupported."
        )
    leaves, spec = flatten(args)
    dims = broadcast(in_dims, spec)
    if dims is None:
        raise ValueError(
            f"{call}: in_dims is not compatible with the structure of `inputs`. in_dims has structure "
            f"{flatten(in_dims)[1]} but inputs has structure {spec}."
        )
    counted: list[int | None] = []
    sizes = []
    for x, d in zip(leaves, dims):
        if d is None:
            counted.append(None)
            continue
        if not isinstance(d, int):
            raise ValueError(
                f"{call}: Got in_dim={d} for an input but in_dim must be either an integer dimension or None."
            )
        if not isinstance(x, Tensor):
            raise ValueError(
                f"{call}: Got in_dim={d} for an input but the input is of type {type(x)}. We cannot vmap over "
                "non-Tensor arguments, please use None as the respective in_dim"
            )
        ndim = x._array.ndim
        if not -ndim <= d < ndim:
            raise ValueError(
                f"{call}: Got in_dim={d} for some input, but that input is a Tensor of dimensionality {ndim} so "
                f"expected in_dim to satisfy -{ndim} <= in_dim < {ndim}."
            )
        counted.append(d % ndim)
        sizes.append(x._array.shape[d])
    if not sizes:
        raise ValueError("vmap: Expected at least one Tensor to vmap over")
    if any(n != sizes[0] for n in sizes):
        raise ValueError(
            f"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {sizes} for the "
            "mapped dimension"
        )
    return sizes[0], counted, leaves, spec


def _out_dims(func: Callable[..., Any], out_dims: Any, spec: Spec) -> list[int | None]:
    """A dimension per leaf of the results. Raises ValueError."""
    call = f"vmap({named(func)}, ..., out_dims={out_dims})"
    if any(d is not None and not isinstance(d, int) for d in flatten(out_dims)[0]):
        raise ValueError(
            f"{call}: `out_dims` must be an int, None or a python collection of ints representing where in the outputs "
            "the vmapped dimension should appear."
        )
    # One result alone may be given a dimension in a tuple.
    alone = spec.kind is None and type(out_dims) in (tuple, list) and len(out_dims) == 1
    dims = broadcast(out_dims[0] if alone else out_dims, spec)
    if dims is None:
        raise ValueError(
            f"{call}(<inputs>): out_dims is not compatible with the structure of `outputs`. out_dims has structure "
            f"{flatten(out_dims)[1]} but outputs has structure {spec}."
        )
    return dims
