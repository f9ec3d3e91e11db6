"""Functions under vmap as a whole: those that look at values go sample by sample, those that draw by its randomness.

Knows names and modes, no operator.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from autodiff._core.arguments import sizes as given_sizes
from autodiff._core.batched import Batched, Levels, Unreadable, closed, levels_of, opened, sizes
from autodiff._core.batching import like, sample_by_sample
from autodiff._core.machine_ops import cloned, viewed
from autodiff._core.modes import state
from autodiff._core.registry import FUNCTIONS
from autodiff._core.tensor import Tensor

Body = Callable[..., Any]
Args = tuple[Any, ...]
Named = dict[str, Any]
#: How a function draws for each sample of these vmaps.
Draw = Callable[[str, Body, Args, Named, Levels], Any]


def _flat(args: Args, kwargs: Named) -> list[Any]:
    return [t for a in (*args, *kwargs.values()) for t in (a if isinstance(a, (list, tuple)) else [a])]


def each(name: str, body: Body) -> Body:
    """The function, and once per sample where it asks for values of batched tensors."""

    @functools.wraps(body)
    def public(*args: Any, **kwargs: Any) -> Any:
        try:
            return body(*args, **kwargs)
        except Unreadable:
            levels = levels_of(_flat(args, kwargs))
            if not levels:
                raise
            return _looped(name, body, args, kwargs, levels)

    return public


def _looped(name: str, body: Body, args: Args, kwargs: Named, levels: Levels) -> Any:
    """One call for each sample."""
    return _closed(sample_by_sample(lambda a, k: body(*a, **k), (args, kwargs), levels, name), levels)


def dynamic(name: str, body: Body) -> Body:
    """A function whose result's shape depends on values, which no one tensor holds for all samples."""

    @functools.wraps(body)
    def public(*args: Any, **kwargs: Any) -> Any:
        try:
            return body(*args, **kwargs)
        except Unreadable:
            raise RuntimeError(f"vmap: {name}() gives each sample a shape of its own, a dynamic shape") from None

    return public


def strided(name: str, body: Body) -> Body:
    """A function of a tensor's memory, of which a sample is to have its own: as if it had been contiguous.

    What writes into a copy keeps the strides of the sample.
    """
    writes = name == "as_strided_scatter"

    @functools.wraps(body)
    def public(input: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(input, Batched) or not (writes or input._array.flags.c_contiguous):
            return body(input, *args, **kwargs)
        return _looped(
            name,
            lambda x, *rest, **named: body(x if writes else cloned(x), *rest, **named),
            (input, *args),
            kwargs,
            input._levels,
        )

    return public


def _closed(found: Any, levels: Levels) -> Any:
    if isinstance(found, tuple):
        return like(found, [closed(t, levels) for t in found])
    return closed(found, levels)


# -- random functions ---------------------------------------------------------------------------------------------


def drawing(name: str, body: Body, draw: Draw) -> Body:
    """A function that draws: for each sample of a vmap that wants it so, else the same for all."""

    @functools.wraps(body)
    def public(*args: Any, **kwargs: Any) -> Any:
        levels = tuple([level for level in state.maps if level.randomness == "different"]) if state.maps else ()
        try:
            return draw(name, body, args, kwargs, levels) if levels else body(*args, **kwargs)
        except Unreadable:
            raise RuntimeError(
                f"Vmap does not currently support same randomness with a batched tensor input, as of {name}()"
            ) from None

    return public


def _at_once(name: str, body: Body, args: Args, kwargs: Named, levels: Levels) -> Any:
    """One call for all samples, which are the first dimensions: the numbers are torch's."""
    tensors = [x for x in (*args, *kwargs.values()) if isinstance(x, Tensor)]
    if not tensors:
        return _looped(name, body, args, kwargs, levels)
    width = max(x._array.ndim for x in tensors)

    def whole(x: Any) -> Any:
        if not isinstance(x, Tensor):
            return x
        shape = x._array.shape
        return opened(viewed(x, (*(1,) * (width - len(shape)), *shape)) if len(shape) < width else x, levels)

    return _closed(body(*map(whole, args), **{k: whole(v) for k, v in kwargs.items()}), levels)


def _written(name: str, body: Body, args: Args, kwargs: Named, levels: Levels) -> Any:
    """The same, into the memory of a tensor."""
    target = args[0]
    if any(level not in levels_of([target]) for level in levels):
        raise RuntimeError(
            "vmap: Cannot ask for different inplace randomness on an unbatched tensor. This will appear like same "
            "randomness"
        )
    _at_once(name, body, args, kwargs, levels)
    return target


def _sized(name: str, body: Body, args: Args, kwargs: Named, levels: Levels) -> Any:
    """A function of a size, which comes last or by name: as many numbers for each sample."""
    lead = sizes(levels)
    if "size" in kwargs:
        kwargs = kwargs | {"size": (*lead, *given_sizes((kwargs["size"],)))}
    elif name == "randint":
        args = (*args[:-1], (*lead, *args[-1]))
    else:
        args = (*lead, *given_sizes(args))
    return closed(body(*args, **kwargs), levels)


#: What looks at values.
EACH = """
    bincount bucketize cholesky_inverse cov det linalg.det linalg.slogdet slogdet logdet histogram isclose isin
    linalg.cond linalg.lstsq linalg.lu linalg.matrix_norm linalg.norm linalg.matrix_rank linalg.solve linalg.solve_ex
    linalg.tensorsolve lu_unpack masked_scatter nanquantile quantile nn.functional.cross_entropy repeat_interleave
    Tensor.repeat_interleave searchsorted put take nn.functional.ctc_loss nn.functional.scaled_dot_product_attention
    _grid_sampler_2d _grid_sampler_3d nn.functional.embedding_bag
    nn.functional.fractional_max_pool2d nn.functional.fractional_max_pool2d_with_indices
    nn.functional.fractional_max_pool3d nn.functional.fractional_max_pool3d_with_indices
"""
#: What draws, by how it does.
DRAWING: dict[Draw, str] = {
    _sized: "rand randn randint",
    _at_once: """
        rand_like randn_like randint_like bernoulli poisson binomial normal dropout alpha_dropout native_dropout
        nn.functional.dropout nn.functional.alpha_dropout rrelu nn.functional.rrelu
    """,
    _written: """
        Tensor.uniform_ Tensor.normal_ Tensor.random_ Tensor.bernoulli_ Tensor.exponential_ Tensor.cauchy_
        Tensor.log_normal_ Tensor.geometric_ dropout_ alpha_dropout_ rrelu_
    """,
    _looped: """
        randperm multinomial feature_dropout feature_alpha_dropout nn.functional.dropout1d nn.functional.dropout2d
        nn.functional.dropout3d nn.functional.feature_alpha_dropout nn.functional.gumbel_softmax
    """,
}

for _wrap, _names in (
    (each, EACH),
    (dynamic, "nonzero argwhere"),
    (strided, "as_strided as_strided_copy as_strided_scatter"),
):
    for _name in _names.split():
        FUNCTIONS[_name].public = _wrap(_name, FUNCTIONS[_name].public)
for _draw, _names in DRAWING.items():
    for _name in _names.split():
        FUNCTIONS[_name].public = drawing(_name, FUNCTIONS[_name].public, _draw)
