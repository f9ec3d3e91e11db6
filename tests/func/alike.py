"""One program, with torch and with autodiff: the same structure, values, dtypes and what requires grad, or errors."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import autodiff

Program = Callable[[Any, Any], Any]


class Values:
    """The same tensors for both libraries, float64, by name."""

    def __init__(self, lib: Any) -> None:
        self._lib = lib
        self._random = np.random.default_rng(7)
        self.x = self.of(3)
        self.y = self.of(3)
        self.m = self.of(3, 4)
        self.n = self.of(3, 4)
        self.b = self.of(3, 4, 2)
        #: These require grad outside.
        self.w = self.of(3).requires_grad_()
        self.r = self.of(3).requires_grad_()

    def of(self, *shape: int) -> Any:
        return self._lib.from_numpy(np.asarray(self._random.standard_normal(shape)))


def outcome(lib: Any, program: Program) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return program(lib, Values(lib))
        except Exception as error:
            return error


def same(theirs: Any, ours: Any) -> None:
    """Assert that two outcomes are alike."""
    if isinstance(theirs, Exception) or isinstance(ours, Exception):
        assert type(ours) is type(theirs), f"{ours!r} against torch's {theirs!r}"
    elif isinstance(theirs, torch.Tensor):
        assert isinstance(ours, autodiff.Tensor), f"{ours!r} against torch's {theirs!r}"
        assert (tuple(ours.shape), ours.dtype.name) == (tuple(theirs.shape), str(theirs.dtype).removeprefix("torch."))
        assert ours.requires_grad == theirs.requires_grad, f"requires_grad is {ours.requires_grad}"
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-9, atol=1e-12)
    elif isinstance(theirs, (tuple, list)):
        assert type(ours).__name__ == type(theirs).__name__
        assert len(ours) == len(theirs)
        for a, b in zip(theirs, ours):
            same(a, b)
    elif isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for key in theirs:
            same(theirs[key], ours[key])
    else:
        assert ours == theirs


def alike(program: Program, message: str | None = None) -> None:
    """Both give the same; or both raise, one type, `message` being part of both texts."""
    theirs, ours = outcome(torch, program), outcome(autodiff, program)
    if message is None and isinstance(theirs, Exception):
        raise AssertionError(f"torch raised {theirs!r}")
    same(theirs, ours)
    if message is not None:
        assert isinstance(theirs, Exception), f"torch raised nothing: {theirs}"
        for error in (theirs, ours):
            assert message in str(error), f"{error!r} does not say {message!r}"
