"""vmap over every operator of the catalogue: against a loop of the engine itself, and against torch.vmap.

Programs of one step, as the harness draws them; the samples are the drawn inputs, scaled or turned round. Where the
loop gives samples of one shape vmap must give the same, unless torch too refuses.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

import autodiff as ad
from autodiff.func import grad, jacfwd, jacrev, vjp, vmap
from parity.catalogue import CATALOGUE
from parity.engines import reference as torch_reference
from parity.engines.interpreter import Live
from parity.engines.torchlike import TorchLike
from parity.program import Program
from parity.strategies.single import draw_op, kinds
from parity.strategies.source import Seeded

SAMPLES = 3
SEEDS = 1
ENGINES = {"autodiff": TorchLike(ad), "torch": TorchLike(torch)}
#: Operators that refuse under vmap, in torch as here: their result's shape depends on values.
DYNAMIC = {"getitem", "index_put", "masked_select", "nonzero", "unique", "unique_consecutive"}
#: Refused here, as in torch, though a loop does it.
REFUSED = (
    "an in-place operation on a tensor that is the same for all samples",
    "cannot write into out=",
    "functions with out=... arguments don't support automatic differentiation",
)
#: torch's argwhere does not see that it is nonzero: it goes sample by sample, and fails where counts differ.
HERE_ALONE = {"argwhere"}


def samples(array: Any) -> Any:
    """Three of an input's kind: products of matrices stay positive, indices stay within bounds."""
    found = [array * s for s in (1, 0.75, 0.5)] if array.dtype.kind in "fc" else [array, np.flip(array), array]
    return np.stack([np.asarray(a, array.dtype) for a in found])


def function(program: Program, engine: Any) -> Callable[..., tuple[Any, ...]]:
    """The program as a function of its inputs."""

    def run(*inputs: Any) -> tuple[Any, ...]:
        live = Live(engine, copying=False)
        live.tensors = list(inputs)
        for step in program.steps:
            args = tuple([live.resolve(a) for a in step.args])
            kwargs = {k: live.resolve(a) for k, a in step.kwargs.items()}
            live.tensors.append(engine.call(step.op, args, kwargs, step.spelling))
        last = live.tensors[-1]
        return tuple(last) if isinstance(last, (tuple, list)) else (last,)

    return run


@cache
def programs(dtype: str) -> list[tuple[str, Program]]:
    found = []
    with torch_reference.settings() as reference, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, spec in sorted(CATALOGUE.items()):
            for kind in [k for k in ("tame", "shapes") if k in kinds(spec, dtype)]:
                for seed in range(SEEDS):
                    program, run = draw_op(Seeded(seed), reference, spec, dtype, kind=kind, order=1)
                    if run.error is None and program.inputs and all(step.seed is None for step in program.steps):
                        found.append((name, program))
    return found


def masks(count: int) -> Iterator[tuple[int | None, ...]]:
    """All inputs mapped, and each alone."""
    yield (0,) * count
    for i in range(count if count > 1 else 0):
        yield tuple([0 if j == i else None for j in range(count)])


def tensors(arrays: list[Any], mask: tuple[int | None, ...], sample: int | None) -> list[Any]:
    picked = [a if m == 0 and sample is None else a[sample or 0 if m == 0 else 0] for a, m in zip(arrays, mask)]
    return [np.array(a) for a in picked]


def apart(arrays: list[Any]) -> list[list[Any]]:
    """The inputs of each sample."""
    return [tensors(arrays, (0,) * len(arrays), i) for i in range(SAMPLES)]


def compare(ours: Any, wanted: Any) -> None:
    a, b = np.asarray(ours.detach().numpy()), np.asarray(wanted.detach().numpy())
    assert (a.shape, a.dtype) == (b.shape, b.dtype)
    np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)


def check(name: str, program: Program) -> str | None:
    """What is wrong with an operator under vmap, or None."""
    arrays = [samples(leaf.materialise()) for leaf in program.inputs]
    run = function(program, ENGINES["autodiff"])
    for mask in masks(len(arrays)):
        try:
            loop = [run(*map(ad.from_numpy, tensors(arrays, mask, i))) for i in range(SAMPLES)]
        except Exception:
            continue  # a scaled sample lies outside of what the operator takes
        first = loop[0]
        if not all(isinstance(r, ad.Tensor) for r in first):
            continue
        if any(a.shape != b.shape for results in loop for a, b in zip(results, first)):
            continue
        try:
            found = vmap(run, in_dims=mask)(*map(ad.from_numpy, tensors(arrays, mask, None)))
        except RuntimeError as error:
            if any(text in str(error) for text in REFUSED) or name in DYNAMIC | HERE_ALONE:
                continue
            return f"{name}{mask}: {error!r}"
        except Exception as error:
            return f"{name}{mask}: {error!r}"
        try:
            for r, *each in zip(found, *loop):
                compare(r, ad.stack(each))
        except AssertionError as error:
            return f"{name}{mask} {program.steps}: {error}"
    return None


@pytest.mark.parametrize("dtype", ["float64", "int64"])
def test_vmap_is_the_loop(dtype: str) -> None:
    wrong = [text for name, program in programs(dtype) if (text := check(name, program)) is not None]
    assert len(programs(dtype)) > (700 if dtype == "float64" else 300) * SEEDS // 2
    assert not wrong, "\n".join(wrong[:20])


def against_torch(name: str, program: Program) -> str | None:
    """Whether what torch can map is mapped here, alike."""
    arrays = [samples(leaf.materialise()) for leaf in program.inputs]
    mask = (0,) * len(arrays)
    given = tensors(arrays, mask, None)
    run = function(program, ENGINES["torch"])
    try:
        theirs = torch.vmap(run)(*map(torch.from_numpy, given))
        loop = [torch.stack(each) for each in zip(*[run(*map(torch.from_numpy, s)) for s in apart(arrays)])]
    except Exception:
        return None  # torch has no rule, or a sample is refused
    if not all(a.shape == b.shape and torch.allclose(a, b, equal_nan=True) for a, b in zip(theirs, loop)):
        return None  # torch's rule is not what torch does to a sample
    try:
        ours = vmap(function(program, ENGINES["autodiff"]))(*map(ad.from_numpy, given))
    except Exception as error:
        return None if name in HERE_ALONE else f"{name}: {error!r}, which torch maps"
    if any(step.op in UNSPECIFIED for step in program.steps):
        return None
    for a, b in zip(ours, theirs):
        b = b.detach().resolve_conj().numpy()
        if a.shape != b.shape or not np.allclose(a.detach().numpy(), b, rtol=1e-6, atol=1e-8, equal_nan=True):
            return f"{name}: {a} against torch's {b}"
    return None


#: Values that torch leaves open (memory not written, signs of vectors), which the loop settles.
UNSPECIFIED = {
    "empty_like", "new_empty", "geqrf", "qr", "linalg.qr", "svd", "linalg.svd", "linalg.eigh", "linalg.eig",
}  # fmt: skip


def test_vmap_as_torch() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wrong = [text for name, program in programs("float64") if (text := against_torch(name, program)) is not None]
    assert not wrong, "\n".join(wrong[:20])


def differentiate(name: str, program: Program) -> str | None:
    """What is wrong with per-sample gradients, with rows of a Jacobian, or with its columns."""
    arrays = [samples(leaf.materialise()) for leaf in program.inputs]
    need = tuple(i for i, leaf in enumerate(program.inputs) if leaf.requires_grad)
    run = function(program, ENGINES["autodiff"])

    def results(*inputs: Any) -> tuple[Any, ...]:
        return tuple([r for r in run(*inputs) if r.dtype is ad.float64])

    def weighed(*inputs: Any) -> Any:
        found = [(r.reshape(-1) * ad.arange(1, r.numel() + 1, dtype=ad.float64).cos()).sum() for r in results(*inputs)]
        return sum(found[1:], start=found[0])

    mask = (0,) * len(arrays)
    try:
        loop = [grad(weighed, argnums=need)(*map(ad.from_numpy, tensors(arrays, mask, i))) for i in range(SAMPLES)]
    except Exception:
        return None  # no float among the results, or no derivative
    try:
        found = vmap(grad(weighed, argnums=need))(*map(ad.from_numpy, tensors(arrays, mask, None)))
        for g, *each in zip(found, *loop):
            compare(g, ad.stack(each))
        return jacobians(results, need, list(map(ad.from_numpy, tensors(arrays, mask, 0))))
    except RuntimeError as error:
        if any(text in str(error) for text in REFUSED) or name in DYNAMIC:
            return None
        return f"{name}: {error!r}"
    except Exception as error:
        return f"{name} {program.steps}: {error!r}"


def jacobians(results: Any, need: tuple[int, ...], inputs: list[Any]) -> str | None:
    """Rows by jacrev must be those of a loop of vjp, and the columns by jacfwd make the same matrix."""

    def of_needed(*given: Any) -> Any:
        full = list(inputs)
        for place, x in zip(need, given):
            full[place] = x
        return results(*full)

    outputs, pull = vjp(of_needed, *[inputs[i] for i in need])
    (first, *others) = outputs
    if others or not 0 < first.numel() <= 24:
        return None
    rows = jacrev(of_needed, argnums=tuple(range(len(need))))(*[inputs[i] for i in need])[0]
    basis = ad.eye(first.numel(), dtype=ad.float64)
    each = [pull((basis[i].reshape(first.shape),)) for i in range(first.numel())]
    for row, *parts in zip(rows, *each):
        compare(row, ad.stack(parts).reshape(row.shape))
    try:
        columns = jacfwd(of_needed, argnums=tuple(range(len(need))))(*[inputs[i] for i in need])[0]
    except RuntimeError as error:
        if "is not implemented" in str(error) or "has not been implemented" in str(error):
            return None  # no second derivative to go forward by
        raise
    for column, row in zip(columns, rows):
        if bool(column.isfinite().all()):  # 0 / 0 is nan one way, and a mask the other, in torch too
            compare(column, row)
    return None


def test_derivatives_under_vmap() -> None:
    chosen = [(name, p) for name, p in programs("float64") if any(leaf.requires_grad for leaf in p.inputs)]
    wrong = [text for name, p in chosen if (text := differentiate(name, p)) is not None]
    assert not wrong, "\n".join(wrong[:20])
