"""autocast against torch's: every operator of its lists on drawn arguments, layers, regions and what they keep."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import autodiff as ad
from autodiff._core.casting import POLICIES
from autodiff._core.registry import FUNCTIONS
from parity.catalogue import CATALOGUE
from parity.engines import reference, resolve
from parity.program import DType, Program, substitute
from parity.spellings import Spelling
from parity.strategies.single import Undrawn, draw_op, kinds
from parity.strategies.source import Seeded

LIBS = (torch, ad)
MODES = ("bfloat16", "float16")
EVERY = sorted(name for name, spec in CATALOGUE.items() if "f" in spec.dtypes)
_BACKWARD = "torch refuses the derivative in two bytes, or of what autocast cast in the midst"
#: What differs in floats of two bytes, or where autocast's dtype is another one, and why.
APART = {
    "complex": "torch makes complex numbers of two bytes a part, which NumPy lacks",
    "convolution": "torch's own entry, which autocast does not know, refuses float16 for its kernel in bfloat16",
    "einsum": "torch multiplies element by element where no operand shares what is summed; ours casts every einsum",
    "linalg.lu": _BACKWARD,
    "linalg.lu_factor": _BACKWARD,
    "linalg.lu_factor_ex": _BACKWARD,
    "linalg.matrix_exp": "torch joins and multiplies buffers that autocast casts: inf and nan, or an internal refusal",
    "linalg.pinv": _BACKWARD,
    "matrix_exp": "as linalg.matrix_exp",
    "nn.functional.interpolate": "torch refuses the derivative of what is antialiased in two bytes",
    "nn.functional.pdist": _BACKWARD,
    "pdist": _BACKWARD,
    "special.i1": _BACKWARD,
    "special.i1e": _BACKWARD,
}


@pytest.fixture(scope="module")
def engines() -> Iterator[tuple[Any, Any]]:
    with reference.settings() as torchs:
        yield torchs, resolve("autodiff")


def _dtype(x: Any) -> str:
    return str(x.dtype).rpartition(".")[2]


def _lived(engine: Any, program: Program, given: str, mode: str) -> list[Any] | str:
    """The dtypes and values of the last step's results and of the gradients, or what is raised."""
    lib = engine.module
    values: list[Any] = []
    for leaf in program.inputs:
        x = engine.tensor(leaf.materialise(), False)
        x = x.to(getattr(lib, given)) if x.dtype == lib.float32 else x
        values.append(x.requires_grad_() if leaf.requires_grad and x.is_floating_point() else x)
    leaves = [x for x in values if x.requires_grad]

    def resolved(part: Any) -> Any:
        if isinstance(part, DType):
            return engine.dtype(part.name)
        return values[part.index] if part.item is None else values[part.index][part.item]

    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        try:
            with lib.autocast("cpu", dtype=getattr(lib, mode)):
                for step in program.steps:
                    named = {key: substitute(x, resolved) for key, x in step.kwargs.items()}
                    values.append(engine.call(step.op, substitute(tuple(step.args), resolved), named, step.spelling))
            results = values[-1] if isinstance(values[-1], (tuple, list)) else [values[-1]]
            results = [x for x in results if hasattr(x, "dtype")]
        except Exception as error:
            return type(error).__name__
        wide = [x.abs().to(lib.float64).sum() for x in results if x.requires_grad]
        if wide and leaves:
            with contextlib.suppress(RuntimeError):
                results += [x for x in lib.autograd.grad(sum(wide), leaves, allow_unused=True) if x is not None]
    sizes = [x.detach() if x.dtype == lib.bool else x.detach().abs() for x in results]
    return [(_dtype(x), size.to(lib.float64).numpy()) for x, size in zip(results, sizes)]


def _alike(op: str, theirs: list[Any] | str, ours: list[Any] | str) -> bool:
    """Whether both refuse, in one way, or both compute in the same dtypes; and nearly the same, where that is lower."""
    if isinstance(theirs, str) or isinstance(ours, str):
        return ours == theirs
    if [d for d, _ in ours] != [d for d, _ in theirs]:
        return False
    if POLICIES.get(op) == "lower":
        for (_, x), (_, y) in zip(ours, theirs):
            np.testing.assert_allclose(x, y, 0.03, 0.03 * (1 + np.abs(y).max(initial=0)))
    return True


@pytest.mark.parametrize("op", EVERY)
def test_operators_run_in_torchs_dtypes(op: str, engines: tuple[Any, Any]) -> None:
    """Every operator of the catalogue, on each list and on none: what is given, and what autocast is asked for."""
    spec, compared, different = CATALOGUE[op], 0, 0
    spelling: Spelling = "function" if "function" in spec.spellings else "method"
    for seed in range(3):
        kind = "tame" if seed < 2 else "shapes"
        with contextlib.suppress(Undrawn), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert kind in kinds(spec, "float32")
            program, _ = draw_op(Seeded(seed), engines[0], spec, "float32", kind=kind, order=1, spelling=spelling)
            for given in ("float32", *MODES):
                for mode in MODES:
                    theirs, ours = (_lived(engine, program, given, mode) for engine in engines)
                    alike = _alike(op, theirs, ours)
                    assert alike or op in APART, (program, given, mode, theirs, ours)
                    compared, different = compared + 1, different + (not alike)
    assert compared
    assert different or op not in APART, f"{op} differs nowhere: take its row out of APART"


def test_lists_name_operators() -> None:
    assert not set(POLICIES) - set(FUNCTIONS)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "cell", ["cat([x, low(x)])", "mm(x, low(x))", "mm(x.double(), x.double())", "mm(x, x.double())",
             "cat([x.double(), low(x)])", "stack([x, x.half()])", "stack([x.half(), x.half()])", "mm(x, x)",
             "x @ x", "x.clone().addmm_(x, x)", "x.clone().index_copy_(0, lib.tensor([0]), low(x[:1]))",
             "mm(x, x, out=lib.empty(3, 3))", "einsum('ij,jk->ik', x, low(x))", "einsum('ij,ij->ij', x, x)",
             "nn.LSTM(3, 4)(x[None])[0]", "nn.GRU(3, 4)(x[None])[0]", "nn.LSTM(3, 4, proj_size=2)(x[None])[0]",
             "nn.LSTMCell(3, 4)(x)[0]", "nn.MultiheadAttention(3, 1)(x, x, x)[0]", "nn.LayerNorm(3)(low(x))",
             "nn.LayerNorm(3)(x)", "nn.BatchNorm1d(3)(low(x))", "nn.GroupNorm(1, 3)(low(x))", "nn.RMSNorm(3)(low(x))",
             "nn.Linear(3, 2)(x)", "nn.functional.pad(low(x)[None], (1, 1), 'reflect')", "linalg.inv(low(x))",
             "nn.functional.pad(low(x)[None], (1, 1))", "nn.functional.cross_entropy(low(x), lib.tensor([0, 1, 2]))",
             "prod(low(x))", "fft.fft(low(x))", "nn.functional.max_pool3d(low(x)[None, None], 1)"],
)  # fmt: skip
def test_mixtures_and_layers(cell: str, mode: str) -> None:
    if cell.startswith("nn.LSTM(3, 4)") and mode == "float16":
        pytest.skip("torch has that kernel on some processors only")
    told = []
    for lib in LIBS:
        lib.manual_seed(0)
        x = lib.tensor(np.linspace(-1, 2, 9, dtype=np.float32).reshape(3, 3) ** 3)
        low = {"low": lambda t, lib=lib: t.to(getattr(lib, mode)), "lib": lib, "x": x}
        try:
            with warnings.catch_warnings(), lib.autocast("cpu", dtype=getattr(lib, mode)):
                warnings.simplefilter("ignore")
                found = eval(cell if cell.startswith("x") else f"lib.{cell}", low)
            told.append((_dtype(found), found.detach().abs().to(lib.float64).numpy()))
        except RuntimeError as error:
            told.append((type(error).__name__, str(error) if "prioritize" in str(error) else ""))
    assert told[1][0] == told[0][0]
    if not isinstance(told[0][1], str):
        np.testing.assert_allclose(told[1][1], told[0][1], 0.02, 0.02)
    else:
        assert told[1][1] == told[0][1]


def _regions(lib: Any) -> list[Any]:
    """What is computed in nested regions, and what is kept of a parameter in them."""
    seen: list[Any] = []
    w = lib.ones(2, 2, requires_grad=True)
    x = lib.eye(2)

    def product() -> None:
        y = x @ w
        seen.append((_dtype(y), y.detach().float().tolist(), y.requires_grad))

    with lib.autocast("cpu", dtype=lib.float16):
        with lib.no_grad():
            product()
        product()
        with lib.no_grad():
            w.mul_(2)
        product()  # what was cast is kept
        with lib.autocast("cpu", enabled=False):
            product()
            seen.append((str(lib.get_autocast_dtype("cpu")), lib.is_autocast_enabled("cpu")))
        with lib.autocast("cpu", dtype=lib.bfloat16, cache_enabled=False):
            product()
            seen.append((str(lib.get_autocast_dtype("cpu")), lib.is_autocast_cache_enabled()))
        seen.append((str(lib.get_autocast_dtype("cpu")), lib.is_autocast_cache_enabled()))
        lib.clear_autocast_cache()
        product()
        y = (x @ w) + (x @ w)
    y.sum().backward()
    seen.append((_dtype(w.grad), w.grad.tolist()))
    product()
    with lib.autocast("cpu", dtype=lib.float16):
        with contextlib.suppress(ZeroDivisionError), lib.autocast("cpu", enabled=False):
            raise ZeroDivisionError
        product()
    lib.set_autocast_enabled("cpu", True)
    product()
    lib.set_autocast_dtype("cpu", lib.float16)
    lib.clear_autocast_cache()
    product()
    lib.set_autocast_dtype("cpu", lib.bfloat16)
    lib.set_autocast_enabled("cpu", False)
    lib.clear_autocast_cache()
    product()
    seen.append([lib.autocast_increment_nesting(), lib.autocast_decrement_nesting()])
    return seen


def test_regions_and_what_they_keep() -> None:
    assert _regions(ad) == _regions(torch)


def _custom(lib: Any, cast_inputs: str | None) -> list[Any]:
    """The dtypes that the forward and the backward of a Function of one's own meet."""
    seen: list[Any] = []
    asked = None if cast_inputs is None else getattr(lib, cast_inputs)

    class Times(lib.autograd.Function):
        @staticmethod
        @lib.amp.custom_fwd(device_type="cpu", cast_inputs=asked)
        def forward(ctx: Any, x: Any, w: Any) -> Any:
            ctx.save_for_backward(x, w)
            seen.append((_dtype(x), _dtype(x @ w), lib.is_autocast_enabled("cpu")))
            return x @ w

        @staticmethod
        @lib.amp.custom_bwd(device_type="cpu")
        def backward(ctx: Any, g: Any) -> Any:
            x, w = ctx.saved_tensors
            seen.append((_dtype(g), _dtype(x @ w), lib.is_autocast_enabled("cpu")))
            return (g.float() @ w.float()).to(x.dtype), (x.float() @ g.float()).to(w.dtype)

    for enabled in (True, False):
        x = lib.eye(2, requires_grad=True)
        with lib.autocast("cpu", enabled=enabled):
            y = Times.apply(x, x)
        y.float().sum().backward()
        seen.append((_dtype(y), _dtype(x.grad), x.grad.tolist()))
    return seen


@pytest.mark.parametrize("cast_inputs", [None, "float32", "bfloat16"])
def test_functions_of_ones_own(cast_inputs: str | None) -> None:
    assert _custom(ad, cast_inputs) == _custom(torch, cast_inputs)


def test_training_under_autocast_follows_torch() -> None:
    losses = []
    for lib in LIBS:
        lib.manual_seed(0)
        net = lib.nn.Sequential(lib.nn.Linear(4, 16), lib.nn.ReLU(), lib.nn.LayerNorm(16), lib.nn.Linear(16, 3))
        x = lib.tensor(np.random.default_rng(0).normal(size=(32, 4)).astype(np.float32))
        y = lib.tensor(np.arange(32) % 3)
        optimizer, scaler = lib.optim.SGD(net.parameters(), 0.1), lib.amp.GradScaler("cpu")
        told = []
        for _ in range(10):
            optimizer.zero_grad()
            with lib.autocast("cpu", dtype=lib.bfloat16):
                loss = lib.nn.functional.cross_entropy(net(x), y)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            told.append(loss.item())
        losses.append(told)
    np.testing.assert_allclose(losses[1], losses[0], rtol=0.01)
    assert losses[1][-1] < losses[1][0]
