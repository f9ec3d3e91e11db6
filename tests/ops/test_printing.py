"""Tensors print as torch prints them, to the letter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import autodiff as ad

SHAPES = [
    (),
    (1,),
    (5,),
    (0,),
    (2, 0, 3),
    (2, 3),
    (3, 1, 2),
    (30,),
    (7, 8),
    (2, 2, 2, 2),
    (1001,),
    (40, 40),
    (12, 12, 12),
]
DTYPES = ["float32", "float64", "int64", "bool", "float16", "complex64", "complex128", "uint8", "int32"]
OPTIONS: list[dict[str, Any]] = [
    {},
    {},
    {"precision": 2},
    {"sci_mode": True},
    {"sci_mode": False},
    {"linewidth": 40},
    {"edgeitems": 2, "threshold": 10},
    {"profile": "short"},
    {"profile": "full"},
]


@pytest.fixture
def _usual() -> Iterator[None]:
    yield
    for lib in (torch, ad):
        lib.set_printoptions(profile="default")


def values(random: np.random.Generator, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    x = random.standard_normal(shape)
    kind = random.integers(7)
    x = [
        x,
        x * 10.0 ** random.integers(-8, 9),
        np.round(x * 10),
        x * 10.0 ** random.integers(-6, 6, shape),
        np.round(x * 1e5),
        0 * x,
        np.where(random.random(shape) < 0.3, np.nan, np.where(random.random(shape) < 0.3, -np.inf, x)),
    ][kind]
    if dtype[0] == "c":
        x = x + 1j * random.standard_normal(shape)
    elif dtype[0] != "f":
        x = np.nan_to_num(x, neginf=-3) * 100
    with np.errstate(all="ignore"):
        return np.asarray(np.asarray(x).astype(dtype))


@pytest.mark.usefixtures("_usual")
@pytest.mark.parametrize("dtype", DTYPES)
def test_values(dtype: str) -> None:
    random = np.random.default_rng(DTYPES.index(dtype))
    for shape in SHAPES:
        for options in OPTIONS:
            for lib in (torch, ad):
                lib.set_printoptions(profile="default")
                lib.set_printoptions(**options)
            array = values(random, shape, dtype)
            assert repr(ad.from_numpy(array)) == repr(torch.from_numpy(array)), options


@pytest.mark.parametrize(
    "expression",
    """
lib.ones(2, 3, requires_grad=True)
lib.ones(2, 3, requires_grad=True) * 2
lib.ones(2, 3, requires_grad=True)[0]
lib.ones(10, 3, requires_grad=True, dtype=lib.float64) * 1.5
lib.ones(2, 3, requires_grad=True).double().sort()
lib.ones(2, 0, requires_grad=True)
lib.zeros(3, requires_grad=True).clone().fill_(2)
lib.tensor([1 + 2j]).requires_grad_()
lib.arange(10.0, requires_grad=True) * lib.pi
lib.ones(2, 3).size()
lib.float32
lib.device("cpu")
f"{lib.tensor(1.5)}"
f"{lib.tensor(1.5):.3f}"
f"{lib.ones(2)}"
""".strip().splitlines(),
)
def test_remarks(expression: str) -> None:
    assert repr(eval(expression, {"lib": ad})) == repr(eval(expression, {"lib": torch}))


SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 12, 20, 1100]
SHARES = [0.03, 0.15, 0.2, 0.2, 0.12, 0.1, 0.08, 0.05, 0.04, 0.02, 0.01]


def drawn_array(random: np.random.Generator) -> np.ndarray:
    """Any dtype and shape, tiny, huge, whole, of many scales or without numbers, sometimes transposed."""
    shape = tuple(random.choice(SIZES, size=random.integers(5), p=SHARES).tolist())
    while np.prod(shape) > 5000:
        shape = shape[1:]
    found = values(random, shape, str(random.choice([*DTYPES, "int8", "int16"])))
    if random.random() < 0.2:
        with np.errstate(all="ignore"):
            found = (found * random.choice([1e-320, 1e-45, 2.0**60, -0.0])).astype(found.dtype)
    return np.asarray(found.T if random.random() < 0.3 else found)


def drawn_options(random: np.random.Generator) -> dict[str, Any]:
    offered = {
        "precision": list(range(9)),
        "threshold": [0, 5, 50, 1000],
        "edgeitems": [1, 2, 3, 4],
        "linewidth": [10, 20, 40, 80, 120, 200],
        "sci_mode": [True, False, None],
        "profile": ["default", "short", "full"],
    }
    return {name: offered[name][random.integers(len(offered[name]))] for name in offered if random.random() < 0.3}


@pytest.mark.usefixtures("_usual")
@pytest.mark.parametrize("seed", range(4))
def test_drawn_tensors(seed: int) -> None:
    random = np.random.default_rng(seed)
    for _ in range(120):
        array, options = drawn_array(random), drawn_options(random)
        wide, grad, computed = random.random(3) < (0.3, 0.3, 0.2)
        told = []
        for lib in (torch, ad):
            lib.set_printoptions(profile="default")
            lib.set_printoptions(**options)
            lib.set_default_dtype(lib.float64 if wide else lib.float32)
            try:
                x = lib.from_numpy(array)
                if array.dtype.kind in "fc":
                    x = x.requires_grad_() if grad else x
                    x = x * 1 if computed else x
                told.append((repr(x), str([x, {"a": (x,)}]), f"{x}", repr(x.tolist())))
                if x.numel() == 1:
                    told[-1] += (repr(x.item()),)
            finally:
                lib.set_default_dtype(lib.float32)
        assert told[0] == told[1], (array.dtype, array.shape, options)


@pytest.mark.parametrize("spec", ["", ".2f", ">10", "e", "d", "x", "nonsense"])
@pytest.mark.parametrize("value", [1.5, 3, True, 1 + 2j, [1.5], [1, 2]])
def test_formats(value: Any, spec: str) -> None:
    answers = []
    for lib in (torch, ad):
        try:
            answers.append(format(lib.tensor(value), spec))
        except Exception as error:
            answers.append(type(error).__name__)
    assert answers[0] == answers[1]
