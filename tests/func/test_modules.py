"""functional_call and stack_module_state against torch.func: one model, on torch's Module and on a small stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import autodiff
from tests.func.alike import Program, alike


class Module:
    """As much of torch's Module as the transforms ask for."""

    def __init__(self) -> None:
        self._parameters: dict[str, Any] = {}
        self._buffers: dict[str, Any] = {}
        self._modules: dict[str, Any] = {}
        self.training = True

    def __getattr__(self, name: str) -> Any:
        for held in ("_parameters", "_buffers", "_modules"):
            if name in self.__dict__.get(held, ()):
                return self.__dict__[held][name]
        raise AttributeError(name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.forward(*args, **kwargs)

    def register_parameter(self, name: str, value: Any) -> None:
        self._parameters[name] = value

    def register_buffer(self, name: str, value: Any) -> None:
        self._buffers[name] = value

    def add_module(self, name: str, value: Any) -> None:
        self._modules[name] = value

    def _named(self, held: str, prefix: str = "") -> Iterator[tuple[str, Any]]:
        yield from ((prefix + name, t) for name, t in getattr(self, held).items())
        for name, inner in self._modules.items():
            yield from inner._named(held, f"{prefix}{name}.")

    def named_parameters(self, remove_duplicate: bool = True) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for name, t in self._named("_parameters"):
            if not (remove_duplicate and id(t) in seen):
                yield name, t
            seen.add(id(t))

    def named_buffers(self, remove_duplicate: bool = True) -> Iterator[tuple[str, Any]]:
        yield from self._named("_buffers")

    def eval(self) -> None:
        self.training = False


def model(lib: Any, seed: int = 0, kind: str = "Layer") -> Any:
    """A layer within a layer, a buffer, and a parameter under two names."""
    base: Any = torch.nn.Module if lib is torch else Module
    random = np.random.default_rng(seed)

    def parameter(*shape: int) -> Any:
        t = lib.from_numpy(random.standard_normal(shape))
        return torch.nn.Parameter(t) if lib is torch else t.requires_grad_()

    def inner(self: Any, x: Any) -> Any:
        return self.weight @ x

    def outer(self: Any, x: Any, k: float = 1.0) -> Any:
        return (self.inner(x).tanh() * self.w * k + self.b + self.tied).sum()

    layer = type("Inner", (base,), {"forward": inner})()
    layer.register_parameter("weight", parameter(3, 3))
    whole = type(kind, (base,), {"forward": outer})()
    whole.register_parameter("w", parameter(3))
    whole.register_parameter("tied", whole.w)
    whole.register_buffer("b", lib.from_numpy(random.standard_normal(1)))
    whole.add_module("inner", layer)
    return whole


def call(lib: Any, *args: Any, **kwargs: Any) -> Any:
    return lib.func.functional_call(model(lib), *args, **kwargs)


def alike_models(lib: Any) -> list[Any]:
    first = model(lib)
    second = model(lib, 1)
    second.__class__ = type(first)
    return [first, second]


def in_both_modes(lib: Any) -> list[Any]:
    models = alike_models(lib)
    models[1].eval()
    return models


def restored(lib: Any, v: Any) -> Any:
    held = model(lib)
    before = held.w
    with pytest.raises(TypeError):
        lib.func.functional_call(held, {"w": v.y, "new": v.x}, (v.x,), {"unknown": 1})
    return held.w is before, held.tied is before, "new" in held.__dict__


def trained(lib: Any, v: Any) -> Any:
    held = model(lib)
    parameters = {name: t.detach() for name, t in held.named_parameters()}
    loss = lambda p, x: lib.func.functional_call(held, p, (x,))
    return lib.vmap(lib.func.grad(loss), in_dims=(None, 0))(parameters, v.m.t())


def ensemble(lib: Any, held: Any) -> Any:
    return lib.vmap(lambda p, b, x: lib.func.functional_call(held, (p, b), (x,)), in_dims=(0, 0, None))


PROGRAMS: dict[str, Program] = {
    "replaced": lambda lib, v: call(lib, {"w": v.y}, v.x),
    "a tuple of arguments": lambda lib, v: call(lib, {"w": v.y}, (v.x,), {"k": 2.0}),
    "inner": lambda lib, v: call(lib, {"inner.weight": v.m[:, :3]}, (v.x,)),
    "several dicts": lambda lib, v: call(lib, [{"w": v.y}, {"b": v.x[:1]}], (v.x,)),
    "tied": lambda lib, v: call(lib, {"tied": v.y}, (v.x,)),
    "not tied": lambda lib, v: call(lib, {"tied": v.y}, (v.x,), tie_weights=False),
    "unknown": lambda lib, v: call(lib, {"unknown": v.y}, (v.x,)),
    "own again": restored,
    "per-sample gradients": trained,
    "stacked": lambda lib, v: lib.func.stack_module_state(alike_models(lib)),
    "an ensemble": lambda lib, v: ensemble(lib, model(lib))(*lib.func.stack_module_state(alike_models(lib)), v.x),
    "functionalized": lambda lib, v: (lib.func.functionalize(lambda x: x.add_(1).mul(2))(v.x), v.x),
}
ERRORS: dict[str, tuple[Program, str]] = {
    "strict": (lambda lib, v: call(lib, {"unknown": v.y}, (v.x,), strict=True), "Unexpected key(s): 'unknown'"),
    "strict, too few": (lambda lib, v: call(lib, {"w": v.y}, (v.x,), strict=True), "Missing key(s): 'b'"),
    "twice": (lambda lib, v: call(lib, [{"w": v.y}, {"w": v.x}], (v.x,)), "appeared in multiple dictionaries"),
    "no dict": (lambda lib, v: call(lib, ["w"], (v.x,)), "to be dictionaries"),
    "two for one": (lambda lib, v: call(lib, {"w": v.y, "tied": v.x}, (v.x,)), "got multiple values for keys"),
    "no tensor": (lambda lib, v: call(lib, {"w": 3}, (v.x,)), "is not an instance of torch.Tensor"),
    "no model": (lambda lib, v: lib.func.stack_module_state([]), "Expected at least one model"),
    "two classes": (
        lambda lib, v: lib.func.stack_module_state([model(lib), model(lib, 1, "Other")]),
        "to be of the same class",
    ),
    "two modes": (lambda lib, v: lib.func.stack_module_state(in_both_modes(lib)), "the same training/eval mode"),
    "remove": (
        lambda lib, v: lib.func.functionalize(lambda x: x, remove="some"),
        "received invalid argument for remove",
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_as_torch(name: str) -> None:
    alike(PROGRAMS[name])


@pytest.mark.parametrize("name", ERRORS)
def test_raises_as_torch(name: str) -> None:
    program, message = ERRORS[name]
    alike(program, message)


def test_names_are_torchs() -> None:
    left_out = {"debug_unwrap", "rearrange"}  # torch's own dispatcher, and first-class dimensions
    assert set(autodiff.func.__all__) == set(torch.func.__all__) - left_out
