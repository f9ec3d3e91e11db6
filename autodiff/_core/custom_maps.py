"""A Function of one's own under vmap: by the rule that its class brings, or sample by sample where it says so."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from autodiff._core import errors
from autodiff._core.batched import Batched, Level, closed, entered, levels_of, only, opened
from autodiff._core.batching import like, sample_by_sample


class VmapInfo(tuple[Any, ...]):
    """What a Function's own rule is told: how many samples there are, and what random operators shall do."""

    # Not a namedtuple, which is compiled anew at every import.
    __slots__ = ()
    batch_size = property(itemgetter(0))
    randomness = property(itemgetter(1))


def mapped(function: Any, args: tuple[Any, ...], own_rule: bool) -> Any:
    """`function.apply` of batched tensors. Raises RuntimeError where the class says nothing of vmap, or too much."""
    name = function.__name__
    if own_rule and function.generate_vmap_rule:
        raise RuntimeError(errors.VMAP_TWICE.format(name=name))
    if not own_rule and not function.generate_vmap_rule:
        raise RuntimeError(errors.NO_VMAP.format(name=name))
    levels = levels_of(args)
    if own_rule:
        return _by_own_rule(function, args, levels[-1])
    found = sample_by_sample(lambda given: function.apply(*given), (args,), levels, name)
    return like(found, [closed(t, levels) for t in found]) if isinstance(found, tuple) else closed(found, levels)


def _by_own_rule(function: Any, args: tuple[Any, ...], level: Level) -> Any:
    """The class's rule sees the samples of the innermost vmap as the first dimension."""
    varies = [isinstance(a, Batched) and level in a._levels for a in args]
    in_dims = tuple([0 if v else None for v in varies])
    given = [opened(a, (level,)) if v else a for a, v in zip(args, varies)]
    with only(level):
        out, dims = function.vmap(VmapInfo((level.size, level.randomness)), in_dims, *given)
    if isinstance(out, tuple):
        return tuple(
            [_entered(t, d, level) for t, d in zip(out, dims if isinstance(dims, tuple) else [dims] * len(out))]
        )
    return _entered(out, dims, level)


def _entered(t: Any, dim: int | None, level: Level) -> Any:
    return t if dim is None else entered(t, dim % t._array.ndim, level)
