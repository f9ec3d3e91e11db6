"""The public surface against torch's: the same names, and signatures into which every call of torch's fits."""

from __future__ import annotations

import collections
import functools
import inspect
from inspect import Parameter, Signature

import numpy as np
import pytest
import torch

import autodiff as ad
from autodiff._core.registry import FUNCTIONS, PRIMITIVES
from autodiff._surface import namespaces
from autodiff._surface.methods import PUBLIC_KINDS
from tests.api import torch_signatures

#: Ours without a counterpart in torch, each with its reason.
OURS = {
    "graph": "pictures of a recorded graph, and its rules",
    "as_torch": "this package in torch's place",
    "dropin": "the module behind it",
    "library": "operators of one's own by the engine's rows; torch.library registers kernels for its dispatcher",
}
#: Internals that have no underscore.
INTERNAL = {"memory", "meta"}
SPACES = ("nn.functional", "linalg", "special", "fft")
#: Parameters of torch that mean nothing on a NumPy engine, with the reason.
UNSUPPORTED = {
    "names": "named tensors",
    "pin_memory": "memory for a GPU's sake",
    "out_dtype": "a kernel of CUDA alone",
}
#: Where torch's stub says otherwise than torch does; each line is shown by a call, below.
MISPRINTS = {
    "linspace": "torch.linspace(0, 1)",
    "logspace": "torch.logspace(0, 1)",
    "tensor": "torch.tensor([1.0], torch.float64)",
    "new_tensor": "torch.ones(2).new_tensor([1.0], torch.float64)",
    "requires_grad_": "torch.ones(2).requires_grad_(mode=True)",
    "add": "torch.ones(2).add(1, out=torch.ones(2))",
    "sub": "torch.ones(2).sub(1, out=torch.ones(2))",
    "mul": "torch.ones(2).mul(1, out=torch.ones(2))",
    "floor_divide": "torch.ones(2).floor_divide(1, out=torch.ones(2))",
    "to": "torch.ones(2).to(other=torch.ones(2))",
}
#: Root losses whose signatures give the mean as the default reduction; torch then gives each loss, as is shown below:
#: shapes (or values) of their arguments.
NO_MEAN = {
    "binary_cross_entropy_with_logits": ((3,), (3,)),
    "cosine_embedding_loss": ((2, 3), (2, 3), (2,)),
    "hinge_embedding_loss": ((3,), (3,)),
    "kl_div": ((3,), (3,)),
    "margin_ranking_loss": ((3,), (3,), (3,)),
    "triplet_margin_loss": ((2, 3), (2, 3), (2, 3)),
    "ctc_loss": ((4, 2, 3), [[1, 2], [1, 1]], [4, 4], [2, 2]),
}
#: Ours where torch's stub is silent, shown by a call that works.
UNPRINTED = {
    **{n: f"torch.ones(2).{n}(memory_format=torch.preserve_format)" for n in
       ("bool", "byte", "char", "double", "float", "half", "int", "long", "short", "cdouble", "cfloat", "bfloat16")},
    "requires_grad_": "torch.ones(2).requires_grad_(requires_grad=True)",
    "lu": "torch.lu(A=torch.eye(2), pivot=True, get_infos=False)",
    "hamming_window": "torch.hamming_window(3, True, alpha=0.5, beta=0.4, dtype=torch.float64)",
    "kaiser_window": "torch.kaiser_window(3, True, beta=2.0, dtype=torch.float64)",
    "set_": "torch.ones(2).set_()",
    "range": "torch.range(0, 3, layout=torch.strided, device='cpu', requires_grad=False)",
}  # fmt: skip
#: Known and left: torch names the operands by what they are, which one signature cannot.
NUMBERS_BY_NAME = {"result_type", "isin", "searchsorted", "bucketize"}
#: Known and left: torch takes `out` by position, before `dtype`.
OUT_BY_POSITION = {"norm"}

ROOT = namespaces.names("")
METHODS = {
    n: v for n in dir(ad.Tensor) if not n.startswith("_") and callable(v := inspect.getattr_static(ad.Tensor, n))
}


def public(space: object) -> dict[str, object]:
    return {n: v for n, v in vars(space).items() if n.isidentifier() and not n.startswith("_") and n != "annotations"}


def test_root_names_are_torchs():
    assert [n for n in public(ad) if not hasattr(torch, n) and n not in OURS] == []


def test_method_and_attribute_names_are_torchs():
    names = (
        {n for n in dir(ad.Tensor) if not n.startswith("_") or n.startswith("__")}
        - set(dir(object))
        - {"__copy__", "__getattr__", "__slots__"}
    )
    assert sorted(n for n in names if not hasattr(torch.Tensor, n)) == sorted(INTERNAL)


@pytest.mark.parametrize("name", SPACES)
def test_names_of_a_namespace_are_torchs(name):
    theirs = functools.reduce(getattr, name.split("."), torch)
    assert [n for n in namespaces.names(name) if not hasattr(theirs, n)] == []
    ours = functools.reduce(getattr, name.split("."), ad)
    assert {n for n, v in public(ours).items() if callable(v) and not isinstance(v, type)} == set(
        namespaces.names(name)
    )


def test_a_public_name_has_one_home():
    """A name is defined once: by a row that is public itself, or by a Function, never by two."""
    rows = [home for p in PRIMITIVES.values() if p.kind in PUBLIC_KINDS for home in p.public if home not in FUNCTIONS]
    homes = collections.Counter(
        [(space, n) for f in FUNCTIONS.values() for space in f.namespaces for n in (f.short, *f.aliases)]
        + [(home.rpartition(".")[0], home.rpartition(".")[2]) for home in rows]
    )
    assert [home for home, count in homes.items() if count > 1] == []
    assert set(ROOT) == {n for space, n in homes if not space and not n.startswith("_")}
    constants = set(public(ad)) - set(ROOT)
    assert not constants & set(ROOT)


# -- signatures -------------------------------------------------------------------------------------------------------


def misfits(ours: Signature, theirs: list[Signature], *, out: bool = True) -> list[str]:
    """What keeps a call of torch's from meaning the same here."""
    overloads = [s for s in (_supported(s, out) for s in theirs) if s is not None]
    assert overloads
    found: list[str] = []
    elsewhere: set[str] = set()
    order = [[p.name for p in s.parameters.values()] for s in overloads]
    for overload in overloads:
        found += _unbound(ours, overload, order, elsewhere)
    for p in ours.parameters.values():
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) or (p.name == "out" and not out):
            continue
        listed = [s.parameters[p.name] for s in overloads if p.name in s.parameters]
        if not listed:
            found.append(f"torch has no parameter {p.name}")
        elif p.kind is p.POSITIONAL_OR_KEYWORD and all(q.kind is q.KEYWORD_ONLY for q in listed):
            found.append(f"{p.name} is keyword-only in torch")
        elif p.name not in elsewhere:
            found += _default(p, listed, optional=len(listed) < len(overloads))
    return list(dict.fromkeys(found))


def _supported(s: Signature, out: bool) -> Signature | None:
    if "out_dtype" in s.parameters:
        return None
    kept = [p for n, p in s.parameters.items() if n not in UNSUPPORTED and (out or n != "out")]
    return s.replace(parameters=kept)


def _unbound(ours: Signature, overload: Signature, order: list[list[str]], elsewhere: set[str]) -> list[str]:
    """Call by position and by name; `elsewhere` gathers parameters that share another's place, told apart by type."""
    found = []
    given = list(overload.parameters.values())
    place = [p for p in given if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL)]
    try:
        bound = ours.bind(*place, **{p.name: p for p in given if p.kind is p.KEYWORD_ONLY})
    except TypeError as error:
        return [f"{overload} by position: {error}"]
    for name, value in bound.arguments.items():
        if isinstance(value, Parameter) and value.name != name and value.kind is not value.POSITIONAL_ONLY:
            # Two parameters may share a place (max's dim and other), if each stands there in one overload.
            at = list(ours.parameters).index(name)
            if value.name not in ours.parameters or not any(at < len(o) and o[at] == name for o in order):
                found.append(f"torch's {value.name} is our {name}")
            elsewhere |= {value.name, name}
    if all(p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) for p in given):
        try:
            ours.bind(**{p.name: p for p in given})
        except TypeError as error:
            found.append(f"{overload} by name: {error}")
    return found


def _default(p: Parameter, listed: list[Parameter], *, optional: bool) -> list[str]:
    """`optional`: some overload does without it, so None may stand for its absence."""
    theirs = {_text(q.default) for q in listed if q.default is not q.empty}
    # None means the usual layout; ours has no other.
    theirs = {"None" if d.startswith("torch.") and d.endswith("_format") else d for d in theirs}
    if p.default is p.empty:
        return [f"{p.name} has the default {theirs} in torch"] if theirs else []
    if theirs:
        fits = _text(p.default) in theirs or (optional and p.default is None)
        return [] if fits else [f"{p.name} is {p.default!r} by default, in torch {theirs}"]
    return [] if optional else [f"{p.name} must be given in torch"]


def _text(default: object) -> str:
    if isinstance(default, (list, tuple)):
        # One number stands for as many as there are dimensions.
        alike = len(set(default)) == 1
        return _text(default[0]) if alike else str(list(default))
    return str(float(default)) if isinstance(default, int) and not isinstance(default, bool) else str(default)


LEFT = {*MISPRINTS, *UNPRINTED, *NO_MEAN, *NUMBERS_BY_NAME, *OUT_BY_POSITION}


@pytest.mark.parametrize("name", sorted(set(ROOT) - LEFT))
def test_root_signatures(name):
    assert misfits(inspect.signature(ROOT[name]), torch_signatures.functions(name)) == []


@pytest.mark.parametrize("name", sorted(set(METHODS) - set(MISPRINTS) - set(UNPRINTED) - INTERNAL))
def test_method_signatures(name):
    ours = inspect.signature(METHODS[name])
    ours = ours.replace(parameters=list(ours.parameters.values())[1:])
    assert misfits(ours, torch_signatures.methods(name), out=False) == []


@pytest.mark.parametrize(("space", "name"), [(s, n) for s in SPACES for n in namespaces.names(s)])
def test_signatures_of_a_namespace(space, name):
    ours = inspect.signature(namespaces.names(space)[name])
    # nn.functional's builtins take an undocumented out=.
    assert misfits(ours, torch_signatures.in_namespace(space, name), out=space != "nn.functional") == []


@pytest.mark.parametrize("name", NO_MEAN)
def test_root_losses_reduce_nothing_unless_told(name):
    for engine in (torch, ad):
        given = [engine.ones(*x) if isinstance(x, tuple) else engine.tensor(x) for x in NO_MEAN[name]]
        assert tuple(getattr(engine, name)(*given).shape) != ()
        assert tuple(getattr(engine, name)(*given, reduction=1).shape) == ()
    assert misfits(inspect.signature(ROOT[name]), torch_signatures.functions(name)) == [
        "reduction is 0 by default, in torch {'1.0'}"
    ]


@pytest.mark.parametrize("call", MISPRINTS.values())
def test_misprints_of_torchs_stub_are_misprints(call):
    with pytest.raises(TypeError):
        eval(call, {"torch": torch})


@pytest.mark.parametrize("call", UNPRINTED.values())
def test_what_torchs_stub_leaves_out_works(call):
    eval(call, {"torch": torch})
    assert eval(call, {"torch": ad}) is not None


@pytest.mark.parametrize(
    "call",
    """
    t.arange(end=3); t.arange(start=1, end=3); t.zeros(size=(2,)).shape; t.reshape(x, shape=(3, 2)); x.view(size=(6,))
    x.view(dtype=t.float32); x.permute(dims=(1, 0)); t.flip(x, dims=(0,)); x.tile(dims=(2,)); x.repeat(repeats=(1, 2))
    x[:1].expand(size=(4, 3)); t.randint(high=1, size=(2,)); t.randint_like(x, high=1); t.max(x, other=x + 1)
    t.tensor_split(x, sections=2)[1]; t.tensor_split(x, indices=(1,), dim=1)[0]; x.split(split_size=1)[0]
    t.split(tensor=x, split_size_or_sections=1)[1]; t.swapaxes(x, axis0=0, axis1=1); x.sort(dim=0, stable=True)[0]
    t.mul(input=x, other=2); x.mul(other=2); t.sin(input=x); t.where(condition=x > 2, input=x, other=0.0)
    t.einsum("ij->i", x); t.roll(x, shifts=1); t.special.log_softmax(x, 0, dtype=t.float64)
    t.scatter(x, 0, i, value=9.0); t.result_type(tensor=x, other=2); x.clone().copy_(other=x)
    t.float_power(x, 2, out=t.empty(2, 3, dtype=t.float64))
    """.replace("\n", ";")
    .strip(" ;")
    .split(";"),
)
def test_keywords_mean_the_same(call):
    results = []
    for engine in (torch, ad):
        given = {"t": engine, "x": engine.arange(6.0).reshape(2, 3), "i": engine.tensor([[1, 0, 1]])}
        result = eval(call.strip(), given)
        results.append(result.numpy() if isinstance(result, engine.Tensor) else str(result))
    ours, theirs = results
    if isinstance(ours, str):
        assert ours == theirs
    else:
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, strict=True)


@pytest.mark.parametrize(
    "call", ["t.reshape(x, size=(6,))", "x.permute((1, 0), dims=(1, 0))", "x.view()", "x.tile(2, reps=2)"]
)
def test_wrong_keywords_are_refused(call):
    for engine in (torch, ad):
        with pytest.raises(TypeError):
            eval(call, {"t": engine, "x": engine.arange(6.0).reshape(2, 3)})


@pytest.mark.parametrize(
    "planted",
    [
        "def f(input, dims=None, keepdim=False, *, dtype=None): ...",
        "def f(input, keepdim=False, dim=None, *, dtype=None): ...",
        "def f(input, dim=None, keepdim=True, *, dtype=None): ...",
        "def f(input, dim=None, keepdim=False, dtype=None): ...",
        "def f(input, dim=None, keepdim=False, *, dtype=None, where=None): ...",
        "def f(input, dim=None, keepdim=False): ...",
        "def f(input=None, dim=None, keepdim=False, *, dtype=None): ...",
    ],
)
def test_a_wrong_signature_is_noticed(planted):
    space: dict[str, object] = {}
    exec(planted, space)
    assert misfits(inspect.signature(ad.Tensor.mean), torch_signatures.functions("mean"), out=False) == []
    assert misfits(inspect.signature(space["f"]), torch_signatures.functions("mean"), out=False) != []  # type: ignore[arg-type]


# -- spellings --------------------------------------------------------------------------------------------------------

#: The operators of the first slice, by torch's names.
OPERATORS = """
add sub mul div neg pow abs sign sqrt rsqrt square reciprocal exp expm1 log log1p sin cos tan asin acos atan
atan2 sinh cosh tanh sigmoid erf maximum minimum clamp where eq ne lt le gt ge logical_not logical_and
logical_or floor round sum mean prod amax amin max min argmax var std logsumexp cumsum cumprod reshape flatten
squeeze unsqueeze transpose permute cat stack split unbind flip roll gather index_select masked_fill
masked_select matmul mm bmm mv dot outer einsum relu softmax log_softmax sort topk tensor as_tensor from_numpy
zeros ones full arange linspace eye zeros_like ones_like full_like rand_like randn_like randint_like
empty_like manual_seed rand randn randint t
"""
FUNCTIONAL = "relu softplus gelu softmax log_softmax layer_norm mse_loss nll_loss cross_entropy linear embedding"
UNARY_MARKS = "neg abs pos invert getitem setitem eq ne lt le gt ge"
BINARY_MARKS = "add sub mul truediv pow floordiv and or xor matmul"
MARKS = UNARY_MARKS.split() + [lead + name for name in BINARY_MARKS.split() for lead in ("", "r", "i")]


@pytest.mark.parametrize("name", OPERATORS.split())
def test_an_operator_has_every_spelling_of_torchs(name):
    assert hasattr(ad, name)
    for method in (name, name + "_"):
        if hasattr(torch.Tensor, method):
            assert hasattr(ad.Tensor, method), method
    if any("out" in s.parameters for s in torch_signatures.functions(name)):
        assert "out" in inspect.signature(getattr(ad, name)).parameters


def test_functional_forms_and_methods_exist():
    assert [n for n in FUNCTIONAL.split() if not hasattr(ad.nn.functional, n)] == []
    assert [
        n
        for n in ("view", "expand", "repeat", "requires_grad_", "detach_", "zero_", "copy_", "fill_")
        if not hasattr(ad.Tensor, n)
    ] == []


@pytest.mark.parametrize("mark", MARKS)
def test_python_operators_are_torchs(mark):
    if hasattr(torch.Tensor, f"__{mark}__"):
        assert hasattr(ad.Tensor, f"__{mark}__")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("squeeze_", ()),
        ("squeeze_", (0,)),
        ("unsqueeze_", (1,)),
        ("transpose_", (0, 1)),
        ("t_", ()),
        ("swapaxes_", (0, 1)),
        ("swapdims_", (0, -1)),
    ],
)
def test_in_place_views_change_the_geometry(name, arguments):
    for view_of_another in (False, True):
        grads = []
        for engine in (torch, ad):
            leaf = engine.arange(6.0).reshape(1, 6).requires_grad_()
            x = leaf * 1 if not view_of_another else (leaf * 1)[:, 1:4]
            assert getattr(x, name)(*arguments) is x
            weights = engine.arange(float(x.numel())).reshape(tuple(x.shape))
            (x * x * weights).sum().backward()
            grads.append((tuple(x.shape), x._version, leaf.grad.tolist()))
        assert grads[0] == grads[1]
    for engine in (torch, ad):
        with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
            getattr(engine.ones(1, 1, requires_grad=True), name)(*arguments)
