"""Forward mode on every operator of the catalogue: its tangents against torch's, and against reverse mode everywhere.

Programs of one step are drawn as for `parity run`. Where torch has forward mode its tangents are compared one by one;
and whether torch has it or not, <Jt, w> must be <t, J'w>, and the tangent of a gradient what reverse mode makes of it.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

import autodiff as ad
from autodiff._core import forward
from parity.catalogue import CATALOGUE
from parity.engines import resolve
from parity.engines.interpreter import Live
from parity.engines.reference import load
from parity.program import Program
from parity.strategies.single import draw_op, kinds
from parity.strategies.source import Seeded

TORCH, OURS = load(), resolve("autodiff")
Arrays = dict[int, np.ndarray[Any, Any]]
#: Where torch's tangent is not what its own backward says, and ours is; each is still so, or it goes.
TORCH_ERRS = {
    "cholesky_inverse": "follows the tangent of the half that it does not read",
    "triangular_solve": "the same",
    "clamp": "at a bound that is a tensor it passes on nothing, while its backward passes on everything",
    "scatter_reduce": "gives the result no tangent, and raises nothing",
}
#: Constants that torch rounds to single precision (the 1/6 of hardsigmoid) end the agreement here.
SAME = 1e-7
EXACT = 1e-10
DTYPES = ("float64", "complex128")
KINDS = {"float64": ("tame", "exact", "written"), "complex128": ("tame",)}
FAMILIES = sorted({spec.family for spec in CATALOGUE.values()})


@pytest.fixture(autouse=True)
def _without_compiled_decompositions(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch compiles some dozen forward rules when the first dual tensor is made, which takes seconds."""
    monkeypatch.setenv("PYTORCH_JIT", "0")


@functools.cache
def programs(family: str, dtype: str) -> list[tuple[str, Program]]:
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, spec in CATALOGUE.items():
            for kind in kinds(spec, dtype) if spec.family == family else ():
                if kind not in KINDS[dtype] or not spec.orders:
                    continue
                program, run = draw_op(Seeded(1), TORCH, spec, dtype, kind=kind, order=1)
                if run.error is None and program.outputs and program.differentiable:
                    found.append((name, program))
    return found


def directions(program: Program, seed: int) -> Arrays:
    """Random tangents of the inputs, within the set that these are drawn from: Hermitian or triangular like them."""
    random, found = np.random.default_rng(seed), {}
    for i in program.differentiable:
        array = program.inputs[i].array
        t = random.standard_normal(array.shape)
        if array.dtype.kind == "c":
            t = t + 1j * random.standard_normal(array.shape)
        if array.ndim >= 2 and array.shape[-1] == array.shape[-2]:
            if np.array_equal(array, np.conj(np.swapaxes(array, -1, -2))):
                t = (t + np.conj(np.swapaxes(t, -1, -2))) / 2
            elif any(not np.any(half(array, k)) for half, k in ((np.triu, 1), (np.tril, -1))):
                t = np.where(array == 0, 0, t)
        found[i] = np.asarray(t, array.dtype)
    return found


def started(program: Program, engine: Any, lib: Any, tangents: Arrays, *, tracked: bool) -> Live:
    """The program run on dual tensors."""
    live = Live(engine, copying=False)
    for leaf in program.inputs:
        live.add_input(leaf)
    for i, t in tangents.items():
        primal = live.tensors[i] if tracked else live.tensors[i].detach()
        live.tensors[i] = lib.autograd.forward_ad.make_dual(primal, engine.tensor(t.copy(), False))
    for step in program.steps:
        live.add_step(step)
    return live


def tangents_of(program: Program, engine: Any, lib: Any, tangents: Arrays) -> list[Any]:
    """The tangents of the program's outputs, None where there is none."""
    with lib.autograd.forward_ad.dual_level():
        live = started(program, engine, lib, tangents, tracked=False)
        moved = [lib.autograd.forward_ad.unpack_dual(live.resolve(ref)).tangent for ref in program.outputs]
        return [None if t is None else engine.array(t).copy() for t in moved]


def gradients(program: Program, live: Live, *, create_graph: bool) -> list[Any]:
    pairs = [(live.resolve(ref), OURS.tensor(w.copy(), False)) for ref, w in zip(program.outputs, program.cotangents)]
    pairs = [(o, w) for o, w in pairs if o.requires_grad]
    leaves = [live.tensors[i] for i in program.differentiable]
    return list(
        ad.autograd.grad(
            [o for o, _ in pairs], leaves, [w for _, w in pairs], create_graph=create_graph, allow_unused=True
        )
    )


def inner(pairs: Iterator[tuple[Any, Any]]) -> tuple[float, float]:
    """The real inner product, and the size of what was added."""
    total = size = 0.0
    for a, b in pairs:
        if a is not None:
            products = np.real(np.conj(np.asarray(a, np.complex128)) * b)
            total, size = total + products.sum(), size + np.abs(products).sum()
    return float(total), float(size)


def tolerance(program: Program, bound: float) -> float:
    """Single precision somewhere in a program, by a cast in it, is single precision in its result."""
    cast = "float32" in repr(program.steps) or "complex64" in repr(program.steps)
    return 1e-4 if cast else bound


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", FAMILIES)
def test_tangents_are_torchs(family: str, dtype: str) -> None:
    for name, program in programs(family, dtype):
        t = directions(program, 3)
        try:
            theirs = tangents_of(program, TORCH, torch, t)
        except RuntimeError:  # it has no forward mode here, or a broken one, or takes no expanded primal
            continue
        ours = tangents_of(program, OURS, ad, t)
        same = all(_same(a, b, tolerance(program, SAME)) for a, b in zip(theirs, ours))
        assert same or name in TORCH_ERRS, f"{name}: torch {theirs}, autodiff {ours}\n{program}"


def _same(a: Any, b: Any, bound: float) -> bool:
    if a is None or b is None:
        return not np.any(a if b is None else b)
    return a.dtype == b.dtype and a.shape == b.shape and np.allclose(a, b, rtol=bound, atol=bound, equal_nan=True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", FAMILIES)
def test_tangents_agree_with_reverse_mode(family: str, dtype: str) -> None:
    for name, program in programs(family, dtype):
        t = directions(program, 4)
        try:
            moved = tangents_of(program, OURS, ad, t)
        except NotImplementedError:
            with pytest.raises((NotImplementedError, RuntimeError)):
                tangents_of(program, TORCH, torch, t)
            continue
        live = Live(OURS, copying=False)
        for leaf in program.inputs:
            live.add_input(leaf)
        for step in program.steps:
            live.add_step(step)
        back = [None if g is None else OURS.array(g) for g in gradients(program, live, create_graph=False)]
        forth, size = inner(zip(moved, program.cotangents))
        home, _ = inner(zip(back, t.values()))
        assert abs(forth - home) <= tolerance(program, EXACT) * (1 + size), f"{name}: {forth} against {home}\n{program}"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", FAMILIES)
def test_tangents_of_gradients_agree_with_reverse_over_reverse(family: str, dtype: str) -> None:
    for name, program in programs(family, dtype):
        if CATALOGUE[name].orders < 2:
            continue
        t, v = directions(program, 5), directions(program, 6)
        live = Live(OURS, copying=False)
        for leaf in program.inputs:
            live.add_input(leaf)
        for step in program.steps:
            live.add_step(step)
        first = gradients(program, live, create_graph=True)
        roots = [(g, OURS.tensor(w.copy(), False)) for g, w in zip(first, v.values()) if g is not None]
        roots = [(g, w) for g, w in roots if g.requires_grad]
        leaves = [live.tensors[i] for i in program.differentiable]
        second = [None] * len(leaves)
        if roots:
            second = ad.autograd.grad([g for g, _ in roots], leaves, [w for _, w in roots], allow_unused=True)
        with ad.autograd.forward_ad.dual_level():
            live = started(program, OURS, ad, t, tracked=True)
            unpacked = [
                None if g is None else ad.autograd.forward_ad.unpack_dual(g).tangent
                for g in gradients(program, live, create_graph=False)
            ]
            moved = [None if g is None else OURS.array(g).copy() for g in unpacked]
        forth, size = inner(zip(moved, v.values()))
        home, _ = inner((None if h is None else OURS.array(h), w) for h, w in zip(second, t.values()))
        assert abs(forth - home) <= tolerance(program, EXACT) * (1 + size), f"{name}: {forth} against {home}\n{program}"


@pytest.mark.parametrize("name", sorted(TORCH_ERRS))
def test_where_torch_errs_it_still_does(name: str) -> None:
    for _, program in (p for p in programs(CATALOGUE[name].family, "float64") if p[0] == name):
        t = directions(program, 3)
        pairs = zip(tangents_of(program, TORCH, torch, t), tangents_of(program, OURS, ad, t))
        if not all(_same(a, b, SAME) for a, b in pairs):
            return
    pytest.fail(f"torch no longer errs at {name}: take it off the list")


@pytest.mark.parametrize(
    "check", [test_tangents_are_torchs, test_tangents_agree_with_reverse_mode], ids=["torch", "reverse"]
)
def test_a_wrong_tangent_is_noticed(check: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    usual = forward._pushed
    monkeypatch.setattr(
        forward, "_pushed", lambda p, *rest: [t * 2 if p.name == "tanh" else t for t in usual(p, *rest)]
    )
    with pytest.raises(AssertionError, match="tanh"):
        check("elementary", "float64")
