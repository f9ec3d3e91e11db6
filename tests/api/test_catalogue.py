"""The catalogue: complete for the first slice, well formed, and true of torch."""

from __future__ import annotations

import collections

import numpy as np
import pytest

from parity.catalogue import CATALOGUE, ELEMENTWISE
from parity.catalogue.excluded import EXCLUDED
from parity.engines import reference
from parity.engines.interpreter import execute
from parity.errors import UsageError
from parity.spellings import AUGMENTED, OPERATORS, SPELLINGS
from parity.strategies.drawing import plan
from parity.strategies.dtypes import names
from parity.strategies.single import KINDS, draw_op, kinds
from parity.strategies.source import Seeded

torch = reference.load()

SLICE = """
add sub mul div neg pow abs sign sqrt rsqrt square reciprocal exp expm1 log log1p sin cos tan asin
acos atan atan2 sinh cosh tanh sigmoid erf maximum minimum clamp where eq ne lt le gt ge logical_not
logical_and logical_or floor round sum mean prod amax amin max min argmax var std logsumexp cumsum
cumprod reshape view flatten squeeze unsqueeze transpose permute expand cat stack split unbind flip
roll repeat getitem setitem gather index_select masked_fill masked_select matmul mm bmm mv dot outer
einsum relu nn.functional.softplus nn.functional.gelu softmax log_softmax nn.functional.layer_norm
nn.functional.mse_loss nn.functional.nll_loss nn.functional.cross_entropy nn.functional.linear
nn.functional.embedding sort topk tensor as_tensor from_numpy zeros ones full arange linspace eye
zeros_like ones_like full_like rand_like randn_like randint_like empty_like manual_seed rand randn
randint
"""


@pytest.fixture(autouse=True)
def _settings():
    with reference.settings():
        yield


def test_every_operator_is_a_row_or_excluded_with_a_reason():
    assert not set(SLICE.split()) - set(CATALOGUE) - set(EXCLUDED)
    assert not set(CATALOGUE) & set(EXCLUDED)
    assert list(CATALOGUE) == sorted(CATALOGUE)
    assert all(len(reason) > 20 for reason in EXCLUDED.values())


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_row_is_well_formed(name):
    spec = CATALOGUE[name]
    assert set(spec.dtypes) <= set("buihfc")
    assert spec.orders in (0, 1, 2)
    assert spec.spellings <= set(SPELLINGS)
    assert spec.spellings
    assert len({argument.name for argument in spec.arguments}) == len(spec.arguments)
    assert plan(name).arguments
    for low, high in spec.stress:
        assert low < high
    if "operator" in spec.spellings and name not in ("getitem", "setitem"):
        assert name in OPERATORS
    if "augmented" in spec.spellings:
        assert name in AUGMENTED
    if "rounded" in spec.tags and "exact" not in spec.tags:  # a number among the arguments is the other factor
        assert any(argument.kind == "choice" for argument in spec.arguments)
    if spec.orders == 0:
        assert "discrete" in spec.tags or spec.family in ("creation", "random") or "no derivative" in spec.note
    for spelling in spec.spellings:
        assert torch.supports(name, spelling), spelling


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_row_is_true_of_torch(name):
    """Every kind of program is drawn in every dtype and runs; there are gradients where they are promised."""
    spec = CATALOGUE[name]
    raised = collections.Counter()
    differentiated = {1: 0, 2: 0}
    for dtype in names(spec.dtypes):
        for kind in kinds(spec, dtype):
            for seed in range(3):
                program, run = draw_op(Seeded(seed), torch, spec, dtype, kind=kind, order=spec.orders)
                assert any(step.op == name for step in program.steps)
                if run.error is not None:
                    raised[run.error.message[:60]] += 1
                else:
                    differentiated[1] += any(g is not None for g in run.gradients)
                    differentiated[2] += any(g is not None for g in run.second)
    # What torch refuses to write stands in programs, too: a leaf, and a target that would have to grow.
    refused = ("Variable that requires grad", "doesn't match the broadcast shape")
    assert not [message for message in raised if not any(words in message for words in refused)]
    if spec.orders:
        assert differentiated[1] > 3
    if spec.orders == 0:
        assert not differentiated[1]


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_spelling_of_a_row_works_in_torch(name):
    spec = CATALOGUE[name]
    for spelling in sorted(spec.spellings):
        dtype = "float64" if "f" in spec.dtypes else names(spec.dtypes)[-1]
        if name.startswith("logical") and spelling == "operator":
            dtype = "bool"
        seen = set()
        for seed in range(12):
            try:
                program, run = draw_op(Seeded(seed), torch, spec, dtype, spelling=spelling, order=min(spec.orders, 1))
            except UsageError:
                continue
            if run.error is None:
                seen.add(program.steps[-1].spelling)
        assert spelling in seen, f"{spelling} in {dtype}: {seen}"


@pytest.mark.parametrize("name", sorted(n for n, spec in CATALOGUE.items() if "exact" in spec.tags and spec.orders))
def test_exact_rows_can_be_exact(name):
    spec = CATALOGUE[name]
    dtype = "float32" if "f" in spec.dtypes else "complex64"
    programs = [draw_op(Seeded(seed), torch, spec, dtype, kind="exact", order=1) for seed in range(8)]
    assert all(program.regime == "exact" for program, _ in programs)
    assert any(run.gradients for _, run in programs)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_used(kind):
    assert sum(kind in kinds(spec, "float64") for spec in CATALOGUE.values()) > 20


def test_view_tags_are_true():
    for spec in CATALOGUE.values():
        if "view" not in spec.tags:
            continue
        for seed in range(6):
            dtype = "float32" if "f" in spec.dtypes else "complex64"
            program, run = draw_op(Seeded(seed), torch, spec, dtype, kind="tame")
            step = [step.op for step in program.steps].index(spec.name)
            value = run.values[len(program.inputs) + step]
            part = value[0] if isinstance(value, tuple) else value
            if np.size(part):
                assert run.aliases[step] is not None, spec.name


def test_dtypes_that_a_row_leaves_out_are_refused_by_torch():
    """A row that promises less than torch does would leave something unchecked."""
    x = {"b": "bool", "u": "uint8", "i": "int64", "h": "float16", "c": "complex64"}
    open_ends = []
    for name, spec in CATALOGUE.items():
        if spec.family not in ELEMENTWISE or name in ("where", "clamp"):
            continue
        binary = len([a for a in spec.arguments if a.kind in ("operand", "beside")])
        for kind in set(x) - set(spec.dtypes):
            tensor = torch.tensor(np.ones(3, x[kind]), False)
            try:
                torch.call(name, (tensor,) * (1 + binary), {}, "function")
            except (RuntimeError, NotImplementedError, TypeError):
                continue
            open_ends.append(f"{name} takes {x[kind]}")
    assert open_ends == []


#: The last bits of the library's factors go by how their memory happens to be aligned.
LAPACK = frozenset(["linalg", "factorize", "solve", "spectrum"])


def test_running_a_row_twice_gives_the_same():
    for spec in CATALOGUE.values():
        if "random" in spec.tags:
            continue
        program, run = draw_op(Seeded(0), torch, spec, names(spec.dtypes)[-1])
        again = execute(program, torch)
        assert len(again.values) == len(run.values)
        for a, b in zip(run.values, again.values):
            for p, q in zip(*(v if isinstance(v, tuple) else (v,) for v in (a, b))):
                assert p.tobytes() == q.tobytes() or (spec.family in LAPACK and np.allclose(p, q, 1e-5)), spec.name
