"""bfloat16 beside torch's: the catalogue's operators in it, promotion, printing, writing, gradients, files."""

from __future__ import annotations

import copy
import io
import pickle
import warnings

import numpy as np
import pytest
import torch

import autodiff
from parity.catalogue import CATALOGUE
from parity.engines import reference
from parity.engines.interpreter import execute
from parity.engines.torchlike import TorchLike
from parity.strategies.single import Undrawn, draw_op, kinds
from parity.strategies.source import Seeded
from tests.core.side_by_side import outcome

_BRAIN = np.dtype([("bfloat16", np.float32)])


class InBrain(TorchLike):
    """An engine that computes in bfloat16 what a program says in float32."""

    def tensor(self, array, requires_grad):
        made = self._from_numpy(array)
        made = made.to(self.module.bfloat16) if array.dtype == np.float32 else made
        return made.requires_grad_() if requires_grad else made

    def array(self, value):
        if getattr(value, "dtype", None) == self.module.bfloat16:
            return super().array(value.detach().float()).view(_BRAIN)
        return super().array(value)

    def dtype(self, name):
        return super().dtype("bfloat16" if name == "float32" else name)


ROWS = [name for name, row in CATALOGUE.items() if "f" in row.dtypes and not row.tags & {"random", "stream"}]
#: Results that torch gets wrong in bfloat16, by more than it could.
WRONG = {
    "matrix_exp": "torch 2.13 gives elements of 1e30 where the truth is 1.1",
    "linalg.matrix_exp": "as matrix_exp",
}


def flat(values):
    for value in values:
        yield from flat(value) if isinstance(value, tuple) else [value]


def compared(exact, theirs, ours):
    """Nothing if ours is as near to what float32 gives as torch's, but for two roundings of the largest element."""
    if theirs is None or ours is None:
        return None if theirs is ours else "None"
    if theirs.dtype != ours.dtype or theirs.shape != ours.shape:
        return f"{theirs.dtype} {theirs.shape} against {ours.dtype} {ours.shape}"
    x, t, o = (a.view(np.float32) if a.dtype == _BRAIN else a for a in (exact, theirs, ours))
    if t.dtype.kind not in "fc" or not t.size:
        return None
    with np.errstate(all="ignore"):
        finite = np.isfinite(t) & np.isfinite(x)
        if not finite.any():
            return None
        largest = np.abs(x[finite]).max()
        allowed = 2 * np.abs(t - x)[finite].max() + largest * 2.0**-6
        off = np.abs(o - x)[finite].max()
    return None if off <= allowed else f"{off:.3g} off, {allowed:.3g} allowed"


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.filterwarnings("ignore")
def test_an_operator(name):
    spec = CATALOGUE[name]
    kind = next(k for k in ("tame", *kinds(spec, "float32")) if k in kinds(spec, "float32"))
    with reference.settings() as drawing:
        try:
            program, run = draw_op(Seeded(1), drawing, spec, "float32", kind=kind, order=1 if spec.orders else 0)
        except Undrawn:
            pytest.skip("nothing drawn")
        theirs = execute(program, InBrain(torch))
        ours = execute(program, InBrain(autodiff))
    if theirs.error is not None or run.error is not None:
        pytest.skip("torch has no kernel for it; ours may have one")
    assert ours.error is None, ours.error
    if name in WRONG:
        pytest.skip(WRONG[name])
    for what, rows in (("value", [list(flat(r.values)) for r in (run, theirs, ours)]),
                       ("gradient", [r.gradients for r in (run, theirs, ours)])):  # fmt: skip
        assert [found for row in zip(*rows) if (found := compared(*row))] == [], what


def brain(lib, *values):
    return lib.tensor(values, dtype=lib.bfloat16)


SAME = {
    "numbers": lambda lib: lib.tensor([1.001, 2.7, 3.14159, 1e-9, 1e20]).bfloat16(),
    "ties go to even": lambda lib: lib.tensor([1 + 2**-8, 1 + 3 * 2**-8, 3.4e38, -3.4e38]).bfloat16(),
    "special": lambda lib: (brain(lib, float("nan"), float("inf"), -0.0) * 2),
    "numbers on either side": lambda lib: (
        1.1 + brain(lib, 0.3) * 0.3, brain(lib, 3.0) / 1.1, brain(lib, 3.0) - 0.7, 7.3 % brain(lib, 3.0),
        brain(lib, 2.0) ** 0.5,
    ),
    "made": lambda lib: [
        lib.arange(5, dtype=lib.bfloat16) / 3, lib.linspace(0, 1, 5, dtype=lib.bfloat16),
        lib.full((2,), 0.1, dtype=lib.bfloat16), lib.zeros(2, dtype=lib.bfloat16), lib.eye(2, dtype=lib.bfloat16),
        brain(lib, 0.1).new_ones(2), lib.zeros_like(brain(lib, 0.1)), lib.tensor(0.1, dtype=lib.bfloat16).item(),
    ],
    "promoted": lambda lib: [
        (brain(lib, 1.0) + other).dtype.__repr__()
        for other in (brain(lib, 1.0), lib.ones(1), lib.ones(1).half(), lib.ones(1).double(), lib.arange(1),
                      lib.tensor(1.5), lib.tensor(2.5).double(), 1.5, 2j, True, lib.ones(1, dtype=lib.complex64))
    ],
    "the lattice": lambda lib: [
        repr(lib.promote_types(lib.bfloat16, getattr(lib, d)))
        for d in ["bool", "uint8", "int64", "float16", "bfloat16", "float32", "float64", "complex64", "complex128"]
    ],
    "questions": lambda lib: [
        brain(lib, 1.0).element_size(), brain(lib, 1.0, 2.0).nbytes, brain(lib, 1.0).type(),
        brain(lib, 1.0).is_floating_point(), lib.bfloat16.itemsize, repr(lib.bfloat16.to_complex()),
        repr(lib.finfo(lib.bfloat16)), lib.can_cast(lib.bfloat16, lib.int8),
    ],
    "parts": lambda lib: [brain(lib, 1.0, 2.0, 3.0)[1], brain(lib, 1.0, 2.0)[:1], brain(lib, 1.0, 2.0).reshape(2, 1).T],
    "joined": lambda lib: [lib.stack([brain(lib, 1.0)] * 2), lib.cat([brain(lib, 1.0), lib.zeros(1)])],
    "chosen": lambda lib: lib.where(lib.tensor([True, False]), brain(lib, 0.1, 0.2), 0.3),
    "written": lambda lib: (
        x := lib.arange(6).bfloat16(), x.mul_(0.3), x.add_(lib.ones(6) * 0.1), x.__setitem__(2, 0.12345), x.sqrt_(),
        x[3:].fill_(0.7), x.copy_(x.float() * 1.01), x,
    )[-1],
    "out": lambda lib: lib.add(lib.ones(2), lib.ones(2) * 0.1, out=lib.empty(2, dtype=lib.bfloat16)),
    "summed in another": lambda lib: [brain(lib, 0.1, 0.1).sum(dtype=lib.float32), lib.ones(3).sum(dtype=lib.bfloat16)],
    "seen by NumPy": lambda lib: brain(lib, 1.0).numpy(),
    "drawn": lambda lib: [
        lib.manual_seed(0), lib.rand(4, dtype=lib.bfloat16), lib.randn(4, dtype=lib.bfloat16),
        lib.nn.functional.dropout(lib.ones(6, dtype=lib.bfloat16), 0.3), lib.rand(2),
        lib.nn.Linear(3, 2, dtype=lib.bfloat16).weight,
    ][1:],
}  # fmt: skip


def shown(value):
    return [shown(v) for v in value] if isinstance(value, (list, tuple)) else repr(value)


@pytest.mark.parametrize("name", SAME)
def test_the_same_as_torchs(name):
    theirs, ours = ((outcome(lib, lambda lib: shown(SAME[name](lib)))) for lib in (torch, autodiff))
    assert ours == theirs


def test_gradients_add_up_in_bfloat16():
    def program(lib):
        x = lib.tensor([1.0, 2.0, 3.0], dtype=lib.bfloat16, requires_grad=True)
        (x * x.sin() + x.exp() * 0.3).sum().backward()
        (x**3).sum().backward()
        (g,) = lib.autograd.grad((x**3).sum(), x, create_graph=True)
        (h,) = lib.autograd.grad(g.sum(), x)
        y = x.float() * 1.001
        y.sum().backward()
        moved = lib.func.jvp(lambda x: x.sin() * 0.3, (x.detach(),), (lib.ones_like(x),))
        return shown([x.grad, g, h, y.dtype.itemsize, moved])

    assert outcome(autodiff, program) == outcome(torch, program)


@pytest.mark.parametrize("rule", ["SGD", "AdamW", "RMSprop"])
def test_a_model_trains_as_torchs(rule):
    def program(lib):
        lib.manual_seed(0)
        nn = lib.nn
        model = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.LayerNorm(8), nn.Linear(8, 3)).to(lib.bfloat16)
        stepping = getattr(lib.optim, rule)(model.parameters(), lr=0.05)
        x, losses = (lib.arange(20).reshape(5, 4) / 7).bfloat16(), []
        for _ in range(8):
            loss = nn.functional.cross_entropy(model(x), lib.tensor([0, 1, 2, 0, 1]))
            stepping.zero_grad()
            loss.backward()
            stepping.step()
            losses.append(loss.item())
        assert all(p.dtype == p.grad.dtype == lib.bfloat16 for p in model.parameters())
        return losses

    theirs, ours = program(torch), program(autodiff)
    assert theirs[-1] < theirs[0]
    assert np.abs(np.array(theirs) - ours).max() < 8 * 2**-8 * theirs[0]


def test_copies_and_files_keep_it():
    x = autodiff.tensor([0.1, -2.7, 3e38], dtype=autodiff.bfloat16)
    file = io.BytesIO()
    autodiff.save({"all": x, "part": x[1:]}, file)
    file.seek(0)
    theirs = torch.load(file)
    file.seek(0)
    ours = autodiff.load(file)
    for found in (copy.deepcopy(x), pickle.loads(pickle.dumps(x)), ours["all"]):
        assert repr(found * 1) == repr(x)
        assert (found + found).dtype == autodiff.bfloat16
    assert theirs["all"].tolist() == x.tolist()
    assert theirs["part"].dtype == torch.bfloat16
    ours["part"].zero_()
    assert ours["all"].tolist()[1:] == [0.0, 0.0]
    file = io.BytesIO()
    torch.save(torch.tensor([0.1, 2.0]).bfloat16(), file)
    file.seek(0)
    assert repr(autodiff.load(file)) == "tensor([0.1001, 2.0000], dtype=torch.bfloat16)"


@pytest.mark.parametrize(
    "asked",
    [lambda: autodiff.ones(2).bfloat16().view(autodiff.int16), lambda: autodiff.set_default_dtype(autodiff.bfloat16)],
    ids=["bits", "default"],
)
def test_what_is_not_there_says_what_to_do(asked):
    with pytest.raises((NotImplementedError, TypeError), match="bfloat16"):
        asked()


def test_other_dtypes_are_as_before():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        autodiff.ones(2).bfloat16()
        x = autodiff.tensor([0.1, 0.2], requires_grad=True)
        (x * x).sum().backward()
        assert x.grad.dtype == autodiff.float32
        assert x.grad.tolist() == torch.tensor([0.2, 0.4]).tolist()
    with pytest.raises(ValueError, match="byte order"):
        autodiff.from_numpy(np.ones(2, ">f4"))
