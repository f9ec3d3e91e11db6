"""What every operator of the catalogue keeps for its gradient: what is written meanwhile is noticed where torch does.

Each operand and each result is written (zero is added) after the forward pass, and after a first backward pass that
is itself recorded; torch and autodiff then both go through, or both refuse.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import autodiff as ad
from parity.catalogue import CATALOGUE
from parity.engines import reference
from parity.engines.interpreter import Live
from parity.engines.torchlike import TorchLike
from parity.program import Program
from parity.strategies.single import draw_op, kinds
from parity.strategies.source import Seeded

ENGINES = {torch: TorchLike(torch), ad: TorchLike(ad)}
SEEDS = 3
#: Operators of which a write after the forward pass is not noticed alike.
AT_ONCE = {
    "einsum": "torch sums a label that one operand has alone before it saves; here one operator does all",
    "embedding_bag": "the bags' bounds are read when they are given",
}
#: Operators of which a write between the passes is not: the gradients are made of other operators than torch's.
BETWEEN = frozenset(
    [
        "acosh",
        "addcdiv",
        "binary_cross_entropy_with_logits",
        "det",
        "grid_sample",
        "group_norm",
        "householder_product",
        "huber_loss",
        "index_reduce",
        "logdet",
        "mse_loss",
        "multigammaln",
        "mvlgamma",
        "orgqr",
        "ormqr",
        "renorm",
        "scatter_reduce",
        "slogdet",
        "smooth_l1_loss",
    ]
)


def programs(dtype: str) -> Iterator[tuple[str, Program]]:
    with reference.settings() as engine, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, spec in sorted(CATALOGUE.items()):
            for kind in [k for k in ("tame", "shapes") if k in kinds(spec, dtype)]:
                for seed in range(SEEDS):
                    program, run = draw_op(Seeded(seed), engine, spec, dtype, kind=kind, order=1)
                    if run.error is None and all(step.seed is None for step in program.steps):
                        yield name, program


def outcome(lib: Any, program: Program, mask: tuple[bool, ...], write: tuple[str, int], between: bool) -> str:
    """What became of it: "through", "noticed", or "" where there is nothing to see."""
    given: list[Any] = [lib.from_numpy(np.array(leaf.materialise())) for leaf in program.inputs]
    for tensor, needs in zip(given, mask):
        tensor.requires_grad_(needs)
    live = Live(ENGINES[lib], copying=False)
    live.tensors = list(given)
    try:
        for step in program.steps:
            args = [live.resolve(a) for a in step.args]
            kwargs = {name: live.resolve(a) for name, a in step.kwargs.items()}
            live.tensors.append(ENGINES[lib].call(step.op, args, kwargs, step.spelling))
    except Exception:
        return ""
    last = live.tensors[-1]
    results = [r for r in (last if isinstance(last, (tuple, list)) else (last,)) if isinstance(r, lib.Tensor)]
    roots = [r for r in results if r.requires_grad]
    leaves = [t for t in given if t.requires_grad]
    written = given if write[0] == "operand" else results
    if not roots or write[1] >= len(written) or any(r is t for r in results for t in given):
        return ""
    if between:
        try:
            found = lib.autograd.grad(
                roots, leaves, [lib.ones_like(r) for r in roots], create_graph=True, allow_unused=True
            )
        except (NotImplementedError, RuntimeError):
            return ""
        roots = [g for g in found if g is not None and g.requires_grad]
        if not roots:
            return ""
    target = written[write[1]].detach()
    try:
        target.logical_and_(target) if target.dtype == lib.bool else target.add_(0)
    except RuntimeError:
        return ""  # what shares memory with itself cannot be written
    try:
        lib.autograd.grad(roots, leaves, [lib.ones_like(r) for r in roots], allow_unused=True)
    except RuntimeError as error:
        return "noticed" if "modified by an inplace operation" in str(error) else ""
    except NotImplementedError:
        return ""
    return "through"


@pytest.mark.parametrize("between", [False, True])
def test_what_is_written_is_noticed_where_torch_does(between: bool) -> None:
    wrong: dict[str, str] = {}
    seen = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, program in (*programs("float64"), *programs("complex128")):
            count = len(program.inputs)
            floats = [leaf.array.dtype.kind in "fc" for leaf in program.inputs]
            masks = {tuple(floats), *(tuple(i == j for i in range(count)) for j in range(count) if floats[j])}
            for mask in sorted(masks, reverse=True):
                for write in [("operand", i) for i in range(count)] + [("result", i) for i in range(3)]:
                    theirs = outcome(torch, program, mask, write, between)
                    ours = theirs and outcome(ad, program, mask, write, between)
                    if theirs and ours:
                        seen += 1
                        if theirs != ours:
                            text = f"{name}: {write[0]} {write[1]} of {mask}: torch {theirs}, autodiff {ours}"
                            wrong.setdefault(name.rpartition(".")[2], text)
    assert seen > 5000
    known = BETWEEN if between else set(AT_ONCE)
    assert not wrong.keys() - known, "\n".join(wrong[name] for name in sorted(wrong.keys() - known))
    assert not known - wrong.keys(), "listed, though alike: " + ", ".join(sorted(known - wrong.keys()))
