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
