"""autograd.functional side by side with torch: results, their nesting and place in the graph, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import autodiff as ad

NAMES = ("vjp", "jvp", "jacobian", "hessian", "vhp", "hvp")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTORCH_JIT", "0")  # no compiled decompositions of forward rules


def shown(value: Any) -> Any:
    """Tensors as dtype, shape, ten digits, and whether they require grad; nested as they are."""
    if isinstance(value, (tuple, list)):
        # Tuples, as torch says; in forward mode it gives lists.
        return [shown(v) for v in value]
    if not isinstance(value, (torch.Tensor, ad.Tensor)):
        return value
    array = np.asarray(value.detach().resolve_conj().numpy() if isinstance(value, torch.Tensor) else value.detach())
    return array.dtype.name, array.shape, np.round(array, 10).tolist(), value.requires_grad


def outcome(lib: Any, program: Callable[..., Any]) -> Any:
    try:
        return shown(program(lib, lib.autograd.functional))
    except Exception as error:
        return type(error), str(error)


def agree(program: Callable[..., Any]) -> None:
    theirs, ours = outcome(torch, program), outcome(ad, program)
    assert not isinstance(theirs[0], type), f"torch raised {theirs}"
    assert ours == theirs


def vector(lib: Any, tracked: bool = False) -> Any:
    return lib.tensor([0.5, 2.0, -1.0], dtype=lib.float64, requires_grad=tracked)


def matrix(lib: Any, tracked: bool = False) -> Any:
    return lib.tensor([[1.0, -0.5], [0.25, 3.0]], dtype=lib.float64, requires_grad=tracked)


#: Functions of a vector, or of a vector and a matrix, and a scalar among them.
ONE: dict[str, Callable[..., Any]] = {
    "a vector": lambda lib, x: (x**3).cumsum(0),
    "a scalar": lambda lib, x: (x**3 * x.flip(0)).sum(),
    "one element": lambda lib, x: (x**3).sum().view(1),
    "a matrix": lambda lib, x: x[:, None] * x.exp(),
    "a tuple": lambda lib, x: (x.sin(), (x * x).sum()),
    "a tuple of one": lambda lib, x: (x.sin(),),
    "independent": lambda lib, x: lib.ones(2, dtype=lib.float64),
    "partly independent": lambda lib, x: (x * 2, lib.ones(2, dtype=lib.float64)),
    "linear": lambda lib, x: (2 * x).sum(),
}
TWO: dict[str, Callable[..., Any]] = {
    "a vector": lambda lib, x, y: x[:2] @ y,
    "a scalar": lambda lib, x, y: (x.sum() * y**2).sum(),
    "a tuple": lambda lib, x, y: (x * 2, y.sum() * x[0]),
    "of the first alone": lambda lib, x, y: (x**3).sum(),
}
CALLS: dict[str, dict[str, Any]] = {
    "plain": {},
    "create_graph": {"create_graph": True},
    "strict": {"strict": True},
    "strict, create_graph": {"strict": True, "create_graph": True},
    "vectorize": {"vectorize": True},
}


WAYS = [(n, c) for n in NAMES for c in CALLS if c != "vectorize" or n in ("jacobian", "hessian")]


def like(lib: Any, t: Any, tracked: bool) -> Any:
    values = lib.arange(t.numel(), dtype=lib.float64).view(t.shape) + 1
    return values.requires_grad_(tracked)


def run(lib: Any, name: str, function: Any, inputs: Any, options: dict[str, Any], tracked: bool) -> Any:
    f = getattr(lib.autograd.functional, name)
    if name in ("jacobian", "hessian"):
        return f(function, inputs, **options)
    at = function(*inputs) if isinstance(inputs, tuple) else function(inputs)
    target = at if name == "vjp" else inputs
    v = tuple(like(lib, t, tracked) for t in target) if isinstance(target, tuple) else like(lib, target, tracked)
    return f(function, inputs, v, **options)


def sense(text: str) -> str:
    """What an error says, as far as torch's words go: the numbers and the names of what is at fault."""
    return text.split(" independent of input")[0].split(" and `v")[0].split(", not a tuple")[0].split(", but it")[0]


def check(name: str, call: str, function: Any, make: Callable[[Any, bool], Any]) -> None:
    options = CALLS[call]
    tracked = "create_graph" in options

    def program(lib: Any, _: Any) -> Any:
        return run(lib, name, lambda *x: function(lib, *x), make(lib, tracked), options, tracked)

    theirs, ours = outcome(torch, program), outcome(ad, program)
    if isinstance(theirs[0], type):
        assert ours[0] is theirs[0], f"{ours} against torch's {theirs}"
        assert ours[1][:40] == theirs[1][:40] or sense(ours[1]) == sense(theirs[1]), f"{ours} against {theirs}"
    else:
        assert ours == theirs


@pytest.mark.parametrize("function", ONE)
@pytest.mark.parametrize(("name", "call"), WAYS)
def test_of_one_tensor(name: str, function: str, call: str) -> None:
    check(name, call, ONE[function], vector)


@pytest.mark.parametrize("function", TWO)
@pytest.mark.parametrize(("name", "call"), [way for way in WAYS if way[1] not in ("strict", "create_graph")])
def test_of_a_tuple(name: str, function: str, call: str) -> None:
    check(name, call, TWO[function], lambda lib, tracked: (vector(lib, tracked), matrix(lib, tracked)))


@pytest.mark.parametrize("name", ["vjp", "jvp", "vhp", "hvp"])
def test_of_complex_numbers(name: str) -> None:
    def program(lib: Any, F: Any) -> Any:
        z = lib.tensor([1 + 2j, 0.5 - 1j], dtype=lib.complex128)
        return getattr(F, name)(lambda z: z * z if name in ("vjp", "jvp") else (z * z.conj()).real.sum(), z, z * 1j)

    agree(program)


FORWARD = {
    "a vector": lambda lib, F: F.jacobian(lambda x: x**3, vector(lib), vectorize=True, strategy="forward-mode"),
    "a matrix": lambda lib, F: F.jacobian(
        lambda x: x[:, None] * x.exp(), vector(lib), vectorize=True, strategy="forward-mode"
    ),
    "tuples": lambda lib, F: F.jacobian(
        lambda x, y: (x * y.sum(), y @ y), (vector(lib), matrix(lib)), vectorize=True, strategy="forward-mode"
    ),
    "one of a tuple": lambda lib, F: F.jacobian(
        lambda x: (x * 2,), vector(lib), vectorize=True, strategy="forward-mode"
    ),
    "independent": lambda lib, F: F.jacobian(
        lambda x, y: y * 2, (vector(lib), matrix(lib)), vectorize=True, strategy="forward-mode"
    ),
    "hessian": lambda lib, F: F.hessian(
        lambda x: (x**3 * x.flip(0)).sum(), vector(lib), vectorize=True, outer_jacobian_strategy="forward-mode"
    ),
    "hessian of two": lambda lib, F: F.hessian(
        lambda x, y: (x.sum() * y**2).sum(),
        (vector(lib), matrix(lib)),
        vectorize=True,
        outer_jacobian_strategy="forward-mode",
    ),
}


@pytest.mark.parametrize("name", FORWARD)
def test_in_forward_mode(name: str) -> None:
    agree(FORWARD[name])


#: What is refused, and a part of torch's words.
REFUSED: dict[str, tuple[Callable[..., Any], str]] = {
    "complex outputs": (
        lambda lib, F: F.jacobian(lambda x: x * 1j, vector(lib)),
        "grad can be implicitly created only for real scalar outputs",
    ),
    "a number": (lambda lib, F: F.vjp(lambda x: x, 3.0), "must be either a Tensor or a tuple of Tensors"),
    "a number among": (lambda lib, F: F.jvp(lambda x, y: x, (vector(lib), 3.0)), "value at index 1 has type"),
    "a list of outputs": (lambda lib, F: F.jacobian(lambda x: [x], vector(lib)), "outputs of the user-provided"),
    "no v": (lambda lib, F: F.vjp(lambda x: x, vector(lib)), "The vector v can only be None if"),
    "no v for inputs": (lambda lib, F: F.hvp(lambda x: x.sum(), vector(lib)), "The vector v can only be None if"),
    "size of v": (lambda lib, F: F.jvp(lambda x: x, vector(lib), vector(lib)[:2]), "v has invalid size: should be"),
    "size in a tuple": (
        lambda lib, F: F.vhp(lambda x, y: x.sum(), (vector(lib), matrix(lib)), (vector(lib), vector(lib))),
        "Entry 1 in v has invalid size",
    ),
    "too few": (
        lambda lib, F: F.vhp(lambda x, y: x.sum(), (vector(lib), matrix(lib)), vector(lib)),
        "v is a tuple of invalid length: should be 2 but got 1",
    ),
    "too many": (
        lambda lib, F: F.jvp(lambda x: x, vector(lib), (vector(lib), vector(lib))),
        "The given v should contain a single Tensor",
    ),
    "hessian of a vector": (lambda lib, F: F.hessian(lambda x: x**2, vector(lib)), "should contain a single element"),
    "hessian of a tuple": (
        lambda lib, F: F.hessian(lambda x: (x.sum(),), vector(lib)),
        "should return a single Tensor",
    ),
    "vhp of a vector": (
        lambda lib, F: F.vhp(lambda x: x**2, vector(lib), vector(lib)),
        "given to vhp should contain a single element",
    ),
    "strategy": (
        lambda lib, F: F.jacobian(lambda x: x, vector(lib), strategy="sideways"),
        'Expected strategy to be either "forward-mode" or "reverse-mode"',
    ),
    "outer strategy": (
        lambda lib, F: F.hessian(lambda x: x.sum(), vector(lib), outer_jacobian_strategy="sideways"),
        'Expected strategy to be either "forward-mode" or "reverse-mode"',
    ),
    "forward, create_graph": (
        lambda lib, F: F.jacobian(lambda x: x, vector(lib), create_graph=True, vectorize=True, strategy="forward-mode"),
        "are not supported together (yet)",
    ),
    "forward, strict": (
        lambda lib, F: F.jacobian(lambda x: x, vector(lib), strict=True, vectorize=True, strategy="forward-mode"),
        "are not supported together (yet)",
    ),
    "forward, not vectorized": (
        lambda lib, F: F.jacobian(lambda x: x, vector(lib), strategy="forward-mode"),
        "Computing Jacobian using forward-AD or forward-over-reverse Hessian is",
    ),
    "vectorize, strict": (
        lambda lib, F: F.jacobian(lambda x: x, vector(lib), strict=True, vectorize=True),
        "are not supported together",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str) -> None:
    program, words = REFUSED[name]
    theirs, ours = outcome(torch, program), outcome(ad, program)
    assert ours[0] is theirs[0], f"{ours} against torch's {theirs}"
    assert words in theirs[1], theirs[1]
    assert words in ours[1], ours[1]


def test_results_can_be_differentiated_again() -> None:
    def program(lib: Any, F: Any) -> Any:
        x = vector(lib, True)
        found = []
        for name in NAMES:
            f = getattr(F, name)
            more = () if name in ("jacobian", "hessian") else (vector(lib),)
            if name == "vjp":
                value = f(lambda x: x**4, x, vector(lib), create_graph=True)[1]
            else:
                value = f(lambda x: (x**4).sum(), x, *more, create_graph=True)
                value = value if isinstance(value, type(x)) else value[1]
            found.append(lib.autograd.grad(value.sum(), x)[0])
        return found

    agree(program)


def test_of_nothing() -> None:
    # torch stacks what is not there, and raises.
    x = ad.zeros(0, dtype=ad.float64)
    for more in ({}, {"vectorize": True}, {"vectorize": True, "strategy": "forward-mode"}):
        assert ad.autograd.functional.jacobian(lambda x: x * 2, x, **more).shape == (0, 0)
        assert ad.autograd.functional.jacobian(lambda x: ad.ones(3), x, **more).shape == (3, 0)


def test_under_no_grad() -> None:
    def program(lib: Any, F: Any) -> Any:
        with lib.no_grad():
            return F.jacobian(lambda x: x**2, vector(lib)), F.hvp(lambda x: (x**3).sum(), vector(lib), vector(lib))

    agree(program)


def test_strict_mode_names_the_input_at_fault() -> None:
    # torch counts outputs where it speaks of inputs here.
    x, y = vector(ad, True), matrix(ad, True)
    with pytest.raises(RuntimeError, match="independent of input 1"):
        ad.autograd.functional.jacobian(lambda x, y: x**2 + y.sum(), (x, y), create_graph=True, strict=True)
