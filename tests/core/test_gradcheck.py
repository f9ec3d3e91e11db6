"""gradcheck and gradgradcheck side by side with torch: what passes, what fails, how it is told, and where it points."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch

import autodiff as ad
from autodiff.autograd.gradcheck import GradcheckError

LIBS = (torch, ad)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTORCH_JIT", "0")  # no compiled decompositions of forward rules


def point(lib: Any) -> tuple[Any, Any, Any]:
    """A vector, a column and a complex vector."""
    x = lib.tensor([1.0, 2.0, 0.5], dtype=lib.float64, requires_grad=True)
    y = lib.tensor([[2.0], [3.0]], dtype=lib.float64, requires_grad=True)
    z = lib.tensor([1 + 2j, 0.5 - 1j], dtype=lib.complex128, requires_grad=True)
    return x, y, z


def own(lib: Any, forward: Callable[..., Any], backward: Callable[..., Any], jvp: Any = None) -> Callable[..., Any]:
    methods = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    if jvp is not None:
        methods["jvp"] = staticmethod(jvp)
    return type("Own", (lib.autograd.Function,), methods).apply  # type: ignore[no-any-return]


def run(lib: Any, program: Callable[..., Any]) -> Any:
    """What the check returned, or the type's name and the text of its error, and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = program(lib, *point(lib))
        except Exception as error:
            found = type(error).__name__, str(error)
    return found, [(w.category, str(w.message)) for w in caught if w.category is UserWarning]


def both(program: Callable[..., Any]) -> tuple[Any, Any]:
    theirs, ours = run(torch, program), run(ad, program)
    assert ours[1] == theirs[1]
    return theirs[0], ours[0]


PASS = {
    "two inputs": lambda lib, x, y, z: lib.autograd.gradcheck(lambda x, y: (x * y).sin(), (x, y)),
    "a list": lambda lib, x, y, z: lib.autograd.gradcheck(lambda x, y: [x * y, x.exp()], [x, y]),
    "several outputs": lambda lib, x, y, z: lib.autograd.gradcheck(
        lambda x, y: (x * y, x.sum(), x.detach() * 2), (x, y), check_forward_ad=True
    ),
    "complex": lambda lib, x, y, z: lib.autograd.gradcheck(lambda z: z * z.conj() * z, z, check_forward_ad=True),
    "complex to real": lambda lib, x, y, z: lib.autograd.gradcheck(lambda z: z.abs(), z, check_forward_ad=True),
    "real to complex": lambda lib, x, y, z: lib.autograd.gradcheck(lambda x: x * (1 + 2j), x, check_forward_ad=True),
    "batched": lambda lib, x, y, z: lib.autograd.gradcheck(
        lambda x, y: (x * y).sin(),
        (x, y),
        check_batched_grad=True,
        check_forward_ad=True,
        check_batched_forward_grad=True,
    ),
    "fast": lambda lib, x, y, z: lib.autograd.gradcheck(
        lambda x, y: (x * y).sin(), (x, y), fast_mode=True, check_forward_ad=True
    ),
    "fast complex": lambda lib, x, y, z: lib.autograd.gradcheck(lambda z: z * z.abs(), z, fast_mode=True),
    "forward only": lambda lib, x, y, z: lib.autograd.gradcheck(
        lambda x: x**2, x, check_forward_ad=True, check_backward_ad=False, check_undefined_grad=False
    ),
    "a number besides": lambda lib, x, y, z: lib.autograd.gradcheck(lambda x, n: x**n, (x, 3)),
    "no element": lambda lib, x, y, z: lib.autograd.gradcheck(
        lambda x: x * 2, lib.zeros(0, dtype=lib.float64, requires_grad=True)
    ),
    "0-dim": lambda lib, x, y, z: lib.autograd.gradcheck(
        lambda x: x.exp(), lib.tensor(0.5, dtype=lib.float64, requires_grad=True), check_forward_ad=True
    ),
    "a constant": lambda lib, x, y, z: lib.autograd.gradcheck(lambda x: x.detach() * 0, x),
    "masked": lambda lib, x, y, z: lib.autograd.gradcheck(
        own(lib, lambda c, x: x * 2, lambda c, g: g * 2 + 1e-9), x, masked=True, check_undefined_grad=False
    ),
    "nondeterminism allowed": lambda lib, x, y, z: lib.autograd.gradcheck(
        own(lib, lambda c, x: x * 2, wavering()), x, nondet_tol=1e-6
    ),
    "second order": lambda lib, x, y, z: lib.autograd.gradgradcheck(lambda x, y: (x * y).sin(), (x, y)),
    "second order, seeds given": lambda lib, x, y, z: lib.autograd.gradgradcheck(
        lambda x: x**3, x, lib.ones(3, dtype=lib.float64)
    ),
    "forward over reverse": lambda lib, x, y, z: lib.autograd.gradgradcheck(
        lambda x, y: (x * y).exp(), (x, y), check_fwd_over_rev=True, gen_non_contig_grad_outputs=True
    ),
    "complex second order": lambda lib, x, y, z: lib.autograd.gradgradcheck(
        lambda z: z * z.conj() * z, z, check_fwd_over_rev=True
    ),
    "fast second order": lambda lib, x, y, z: lib.autograd.gradgradcheck(lambda x: x.tanh(), x, fast_mode=True),
    "not raising": lambda lib, x, y, z: lib.autograd.gradcheck(
        own(lib, lambda c, x: x * 2, lambda c, g: g * 3), x, raise_exception=False
    ),
}


def wavering() -> Callable[..., Any]:
    calls = itertools.count()
    return lambda ctx, g: g * 2 + g * (1e-8 * (next(calls) % 7))


@pytest.mark.parametrize("name", PASS)
def test_what_passes(name: str) -> None:
    theirs, ours = both(PASS[name])
    assert ours == theirs == (name != "not raising")


def unmaterialized(ctx: Any, x: Any) -> Any:
    ctx.set_materialize_grads(False)
    return x * 2, x * 3


def added(g: Any, h: Any) -> Any:
    return h * 3 if g is None else g * 2 if h is None else g * 2 + h * 3


def refusing(ctx: Any, g: Any, h: Any) -> Any:
    if g is None and h is None:
        raise RuntimeError("no gradient")
    return added(g, h)


def inventing(ctx: Any, g: Any, h: Any) -> Any:
    return ctx.nothing if g is None and h is None else added(g, h)


def with_something(lib: Any) -> Callable[..., Any]:
    def forward(ctx: Any, x: Any) -> Any:
        ctx.nothing = lib.tensor([0.0, 4.0, 0.0], dtype=lib.float64)
        return unmaterialized(ctx, x)

    return own(lib, forward, inventing)


#: By name: the program, and what our text says besides torch's first line.
FAIL: dict[str, tuple[Callable[..., Any], str]] = {
    "wrong": (
        lambda lib, x, y, z: lib.autograd.gradcheck(
            own(lib, lambda c, x: x * 2, lambda c, g: g * lib.tensor([2.0, 2.0, 3.0], dtype=lib.float64)), x
        ),
        "worst: input 0 at [2], output 0 at [2]: numerical 2, analytical 3, 1 apart where 0.00201 is allowed",
    ),
    "wrong second input": (
        lambda lib, x, y, z: lib.autograd.gradcheck(
            own(lib, lambda c, x, y: (x * 2, y.sum() * 2), lambda c, g, h: (g * 2, h.expand(2, 1) * 5)), (x, y)
        ),
        "worst: input 1 at [0, 0], output 1 at []: numerical 2, analytical 5, 3 apart",
    ),
    "nan": (
        lambda lib, x, y, z: lib.autograd.gradcheck(
            own(lib, lambda c, x: x * 2, lambda c, g: g * 2 + lib.tensor([0.0, float("nan"), 0.0])), x
        ),
        "worst: input 0 at [1]",
    ),
    "fast": (
        lambda lib, x, y, z: lib.autograd.gradcheck(
            own(lib, lambda c, x: x * 2, lambda c, g: g * 3), x, fast_mode=True
        ),
        "numerical 2, analytical 3, 1 apart",
    ),
    "complex": (
        lambda lib, x, y, z: lib.autograd.gradcheck(own(lib, lambda c, z: z * 2j, lambda c, g: g * 2j), z),
        "numerical 2+0j, analytical -2+0j, 4 apart",
    ),
    "not multiplied": (
        lambda lib, x, y, z: lib.autograd.gradcheck(own(lib, lambda c, x: x * 2, lambda c, g: g * 2 + 1e-7), x),
        "of zeros, input 0 has a gradient of 1e-07 at [0]",
    ),
    "nondeterministic": (
        lambda lib, x, y, z: lib.autograd.gradcheck(own(lib, lambda c, x: x * 2, wavering()), x),
        "For input 0 at [",
    ),
    "undefined": (
        lambda lib, x, y, z: lib.autograd.gradcheck(own(lib, unmaterialized, refusing), x),
        "with all undefined it raised no gradient",
    ),
    "undefined, something made of it": (
        lambda lib, x, y, z: lib.autograd.gradcheck(with_something(lib), x),
        "that of input 0 has a gradient of 4.0 at [1], with all undefined",
    ),
    "undefined, a type error": (
        lambda lib, x, y, z: lib.autograd.gradcheck(own(lib, unmaterialized, lambda c, g, h: g * 2 + h * 3), x),
        "NoneType",
    ),
    "undefined, below another": (
        lambda lib, x, y, z: lib.autograd.gradcheck(lambda x: own(lib, unmaterialized, refusing)(x)[0].exp(), x),
        "with all undefined it raised no gradient",
    ),
    "forward": (
        lambda lib, x, y, z: lib.autograd.gradcheck(
            own(lib, lambda c, x: x * 2, lambda c, g: g * 2, lambda c, t: t * 5), x, check_forward_ad=True
        ),
        "check: forward mode against central differences",
    ),
    "forward, fast": (
        lambda lib, x, y, z: lib.autograd.gradcheck(
            own(lib, lambda c, x: x * 2, lambda c, g: g * 2, lambda c, t: t * 5),
            x,
            check_forward_ad=True,
            fast_mode=True,
        ),
        "numerical 2, analytical 5, 3 apart",
    ),
    "forward, complex": (
        lambda lib, x, y, z: lib.autograd.gradcheck(
            own(lib, lambda c, z: z * 2, lambda c, g: g * 2, lambda c, t: t * 5), z, check_forward_ad=True
        ),
        "numerical 0+2j, analytical 0+5j, 3 apart",
    ),
    "no jvp": (
        lambda lib, x, y, z: lib.autograd.gradcheck(
            own(lib, lambda c, x: x * 2, lambda c, g: g * 2), x, check_forward_ad=True
        ),
        "You must implement the jvp function",
    ),
    "detached": (lambda lib, x, y, z: lib.autograd.gradcheck(lambda x: x.detach() * 2, x), "at the rate 2"),
    "second order": (
        lambda lib, x, y, z: lib.autograd.gradgradcheck(
            own(lib, lambda c, x: (c.save_for_backward(x), x**2)[1], lambda c, g: g * 2 * c.saved_tensors[0].detach()),
            x,
        ),
        "analytical 0",
    ),
    "no input": (lambda lib, x, y, z: lib.autograd.gradcheck(lambda x: x * 2, x.detach()), "none of the 1 given"),
    "overlap": (
        lambda lib, x, y, z: lib.autograd.gradcheck(
            lambda x: x * 2, x[0].detach().expand(3).requires_grad_(), raise_exception=False
        ),
        "has a dimension with stride 0",
    ),
    "single precision": (
        lambda lib, x, y, z: lib.autograd.gradcheck(lambda x: x * 2, x.detach().float().requires_grad_()),
        "analytical 2,",
    ),
    "shape": (lambda lib, x, y, z: lib.autograd.gradcheck(lambda x: x[:2] if x[0] > 1 else x, x), "on index (0,)"),
    "nothing asked": (
        lambda lib, x, y, z: lib.autograd.gradcheck(lambda x: x, x, check_backward_ad=False),
        "at least one of",
    ),
    "batched without reverse": (
        lambda lib, x, y, z: lib.autograd.gradcheck(
            lambda x: x, x, check_forward_ad=True, check_backward_ad=False, check_batched_grad=True
        ),
        "requires check_backward_ad",
    ),
}


@pytest.mark.parametrize("name", FAIL)
def test_what_fails(name: str) -> None:
    program, ours_alone = FAIL[name]
    theirs, ours = both(program)
    assert isinstance(theirs, tuple), f"torch let it pass: {theirs}"
    assert ours[0] == theirs[0], f"{ours} against torch's {theirs}"
    beginning = theirs[1].split("\n")[0].split(". ")[0].split(", but none")[0].rstrip(".")
    assert ours[1].startswith(beginning[:110]), f"{ours[1]}\nagainst torch's\n{theirs[1]}"
    assert ours_alone in ours[1], ours[1]


def test_the_jacobians_are_printed_as_torch_prints_them() -> None:
    theirs, ours = both(FAIL["wrong"][0])
    assert ours[1].startswith(theirs[1].rstrip("\n"))


def test_its_error_is_a_runtime_error_of_its_own() -> None:
    assert issubclass(GradcheckError, RuntimeError)
    assert ad.autograd.GradcheckError is GradcheckError
    assert callable(ad.autograd.gradcheck)


def test_the_inputs_are_left_as_they_were() -> None:
    x, y, z = point(ad)
    versions = [t._version for t in (x, y, z)]
    ad.autograd.gradcheck(lambda x, y, z: (x * y).sum() * z, (x, y, z), check_forward_ad=True)
    with pytest.raises(GradcheckError):
        ad.autograd.gradcheck(own(ad, lambda c, x: x * 2, lambda c, g: g), x)
    assert [t._version for t in (x, y, z)] == versions
    assert x.tolist() == [1.0, 2.0, 0.5]
    assert x.grad is None
