"""Weights in another form, of both kinds, and layers that wait for their shapes: programs in both libraries."""

from __future__ import annotations

import copy
import importlib
import warnings

import numpy as np
import pytest
import torch

import autodiff as ad


def plain(value):
    """Tensors as arrays, everything else as it is."""
    if isinstance(value, (torch.Tensor, ad.Tensor)):
        return np.asarray(value.detach().numpy())
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return value


def alike(program) -> None:
    """The program tells the same of both libraries, numbers to a few roundings; or raises the same error."""

    def told(lib):
        lib.manual_seed(3)
        importlib.import_module(f"{lib.__name__}.nn.utils.parametrizations")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            try:
                return plain(program(lib, lib.nn.utils))
            except Exception as error:
                return type(error).__name__, " ".join(str(error).split()[:5])

    _equal(told(torch), told(ad))


def _equal(a, b) -> None:
    assert type(a) is type(b), (a, b)
    if isinstance(a, np.ndarray):
        np.testing.assert_allclose(
            b, a, rtol=2e-5 if a.dtype == np.float32 else 1e-9, atol=1e-6 if a.dtype == np.float32 else 1e-12
        )
    elif isinstance(a, dict):
        assert list(a) == list(b)
        _equal(list(a.values()), list(b.values()))
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b), (a, b)
        for x, y in zip(a, b):
            _equal(x, y)
    else:
        assert a == b


def trained(lib, module, *shape):
    """State, printed form, gradients and output after three steps, then in evaluation."""
    optimizer = lib.optim.SGD(module.parameters(), lr=0.1)
    x = lib.tensor(np.random.default_rng(5).standard_normal(shape))
    for _ in range(3):
        optimizer.zero_grad()
        module(x).pow(2).sum().backward()
        optimizer.step()
    grads = [p.grad for p in module.parameters()]
    return [repr(module), dict(module.state_dict()), grads, module.eval()(x), module.weight]


LAYERS = {
    "linear": (lambda nn: nn.Linear(4, 3), (2, 4)),
    "wide": (lambda nn: nn.Linear(3, 5), (2, 3)),
    "square": (lambda nn: nn.Linear(4, 4), (2, 4)),
    "conv": (lambda nn: nn.Conv1d(2, 4, 3), (2, 2, 5)),
    "turned": (lambda nn: nn.ConvTranspose1d(2, 3, 2), (2, 2, 5)),
}


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize(
    "form",
    [
        lambda u, m: u.weight_norm(m),
        lambda u, m: u.weight_norm(m, dim=None),
        lambda u, m: u.weight_norm(m, "weight", 1),
        lambda u, m: u.spectral_norm(m),
        lambda u, m: u.spectral_norm(m, n_power_iterations=3, dim=1),
        lambda u, m: u.parametrizations.weight_norm(m),
        lambda u, m: u.parametrizations.weight_norm(m, dim=1),
        lambda u, m: u.parametrizations.spectral_norm(m),
        lambda u, m: u.parametrizations.spectral_norm(m, n_power_iterations=2, dim=1),
    ],
)
def test_weights_of_another_form(form, layer) -> None:
    make, shape = LAYERS[layer]
    alike(lambda lib, u: trained(lib, form(u, make(lib.nn).double()), *shape))


@pytest.mark.parametrize("layer", ["linear", "wide", "square"])
@pytest.mark.parametrize("how", [None, "matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("trivial", [True, False])
def test_orthogonal_weights(how, trivial, layer) -> None:
    make, shape = LAYERS[layer]
    options = {"orthogonal_map": how, "use_trivialization": trivial}
    alike(lambda lib, u: trained(lib, u.parametrizations.orthogonal(make(lib.nn).double(), **options), *shape))


def doubled(lib):
    class Doubled(lib.nn.Module):
        def forward(self, x):
            return x * 2

        def right_inverse(self, y):
            return y / 2

    return Doubled()


def split(lib):
    class Split(lib.nn.Module):
        def forward(self, a, b):
            return a + b

        def right_inverse(self, y):
            return y * 0.25, y * 0.75

    return Split()


def changing(lib, what):
    class Changing(lib.nn.Module):
        def forward(self, x):
            return {"shape": x.sum(), "dtype": x.double(), "nothing": 3}[what]

    return Changing()


PROGRAMS = {
    "set": lambda lib, u: (
        m := lib.nn.Linear(2, 2), u.parametrize.register_parametrization(m, "weight", doubled(lib)),
        setattr(m, "weight", lib.ones(2, 2)), dict(m.state_dict()), m.weight, repr(m))[3:],
    "two": lambda lib, u: (
        m := lib.nn.Linear(2, 2), u.parametrize.register_parametrization(m, "weight", doubled(lib)),
        u.parametrize.register_parametrization(m, "weight", doubled(lib)), m.weight, list(m.state_dict()), repr(m))[3:],
    "several originals": lambda lib, u: (
        m := lib.nn.Linear(2, 2), u.parametrize.register_parametrization(m, "weight", split(lib)), dict(m.state_dict()),
        setattr(m, "weight", lib.ones(2, 2)), dict(m.state_dict()))[2:],
    "removed": lambda lib, u: (
        m := u.parametrizations.weight_norm(lib.nn.Linear(2, 2)), u.parametrize.is_parametrized(m),
        u.parametrize.is_parametrized(m, "bias"), u.parametrize.remove_parametrizations(m, "weight"),
        u.parametrize.is_parametrized(m), list(m.state_dict()), m.weight, type(m).__name__,
        type(m.weight).__name__)[4:],
    "removed, as learned": lambda lib, u: (
        m := lib.nn.Linear(2, 2), u.parametrize.register_parametrization(m, "weight", doubled(lib)),
        u.parametrize.remove_parametrizations(m, "weight", leave_parametrized=False), m.weight)[3:],
    "left, of several": lambda lib, u: u.parametrize.remove_parametrizations(
        u.parametrizations.weight_norm(lib.nn.Linear(2, 2)), "weight", leave_parametrized=False),
    "not there": lambda lib, u: u.parametrize.remove_parametrizations(lib.nn.Linear(2, 2), "weight"),
    "no such name": lambda lib, u: u.parametrize.register_parametrization(lib.nn.Linear(2, 2), "wait", doubled(lib)),
    "no such name, norm": lambda lib, u: u.parametrizations.spectral_norm(lib.nn.Linear(2, 2), "wait"),
    "of another shape": lambda lib, u: u.parametrize.register_parametrization(
        lib.nn.Linear(2, 2), "weight", changing(lib, "shape")),
    "of another dtype": lambda lib, u: u.parametrize.register_parametrization(
        lib.nn.Linear(2, 2), "weight", changing(lib, "dtype")),
    "no tensor": lambda lib, u: u.parametrize.register_parametrization(
        lib.nn.Linear(2, 2), "weight", changing(lib, "nothing")),
    "unsafe": lambda lib, u: u.parametrize.register_parametrization(
        lib.nn.Linear(2, 2), "weight", changing(lib, "shape"), unsafe=True).weight.shape == (),
    "no inverse": lambda lib, u: (
        m := lib.nn.Linear(2, 2),
        u.parametrize.register_parametrization(m, "weight", changing(lib, "shape"), unsafe=True),
        setattr(m, "weight", lib.ones(2, 2))),
    "type before": lambda lib, u: (
        m := u.parametrizations.weight_norm(lib.nn.Linear(2, 2)), type(m).__name__,
        u.parametrize.type_before_parametrizations(m).__name__)[1:],
    "cached": lambda lib, u: (
        m := u.parametrizations.spectral_norm(lib.nn.Linear(2, 2)), u.parametrize.cached().__enter__(),
        m.weight is m.weight)[2:],
    "not cached": lambda lib, u: (
        m := u.parametrizations.spectral_norm(lib.nn.Linear(2, 2)), m.weight is m.weight)[1:],
    "copied": lambda lib, u: (
        m := u.parametrizations.weight_norm(lib.nn.Linear(2, 2)), c := copy.deepcopy(m), dict(c.state_dict()),
        repr(c))[2:],
    "an old state": lambda lib, u: (
        old := u.weight_norm(lib.nn.Linear(2, 2)), new := u.parametrizations.weight_norm(lib.nn.Linear(2, 2)),
        str(new.load_state_dict(old.state_dict())), new.weight)[2:],
    "twice": lambda lib, u: u.weight_norm(u.weight_norm(lib.nn.Linear(2, 2))),
    "twice, spectral": lambda lib, u: u.spectral_norm(u.spectral_norm(lib.nn.Linear(2, 2))),
    "taken off": lambda lib, u: (
        m := u.remove_weight_norm(u.weight_norm(lib.nn.Linear(2, 2))), dict(m.state_dict()), m(lib.ones(1, 2)))[1:],
    "taken off, spectral": lambda lib, u: (
        m := u.remove_spectral_norm(u.spectral_norm(lib.nn.Linear(2, 2))), dict(m.state_dict()), m(lib.ones(1, 2)))[1:],
    "never on": lambda lib, u: u.remove_weight_norm(lib.nn.Linear(2, 2)),
    "never on, spectral": lambda lib, u: u.remove_spectral_norm(lib.nn.Linear(2, 2)),
    "metadata": lambda lib, u: u.spectral_norm(lib.nn.Linear(2, 2)).state_dict()._metadata[""],
    "no steps": lambda lib, u: u.spectral_norm(lib.nn.Linear(2, 2), n_power_iterations=0),
    "no steps, new": lambda lib, u: u.parametrizations.spectral_norm(lib.nn.Linear(2, 2), n_power_iterations=0),
    "no matrix": lambda lib, u: u.parametrizations.orthogonal(lib.nn.Linear(2, 2), "bias"),
    "no such map": lambda lib, u: u.parametrizations.orthogonal(lib.nn.Linear(2, 2), orthogonal_map="magic"),
    "a vector": lambda lib, u: u.parametrizations.spectral_norm(lib.nn.Linear(2, 2), "bias").bias,
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name: str) -> None:
    def program(lib, utils):
        try:
            return PROGRAMS[name](lib, utils)
        finally:
            if name == "cached":
                utils.parametrize._cache_enabled = 0
                getattr(utils.parametrize, "_Cache", utils.parametrize).depth = 0

    alike(program)


LAZY = {
    "LazyLinear(3)": (2, 4), "LazyLinear(3, bias=False)": (2, 4), "LazyConv1d(4, 3)": (2, 2, 5),
    "LazyConv2d(4, (2, 3), stride=2, groups=2)": (2, 2, 5, 6), "LazyConv3d(2, 2)": (1, 3, 4, 4, 4),
    "LazyConvTranspose1d(4, 3)": (2, 2, 5), "LazyConvTranspose2d(4, 2, padding=1)": (2, 2, 5, 5),
    "LazyBatchNorm1d()": (4, 3), "LazyBatchNorm2d(affine=False)": (2, 3, 4, 4), "LazyBatchNorm1d(bias=False)": (4, 3),
    "LazyBatchNorm3d(track_running_stats=False)": (2, 3, 2, 2, 2), "LazyInstanceNorm1d()": (2, 3, 4),
    "LazyInstanceNorm2d(affine=True)": (2, 3, 4, 4),
}  # fmt: skip


@pytest.mark.parametrize("made", LAZY)
def test_layers_that_wait_for_their_shape(made: str) -> None:
    def program(lib, _):
        module = eval(f"nn.{made}", {"nn": lib.nn})
        x = lib.randn(*LAZY[made])
        names = [repr(module), list(module.state_dict()), module.has_uninitialized_params()]
        out = module(x)
        after = [repr(module), dict(module.state_dict()), type(module).__name__, out]
        return [names, after]

    alike(program)


@pytest.mark.parametrize("made", LAZY)
def test_a_state_gives_them_their_shape(made: str) -> None:
    """torch forgets to tell the others than LazyLinear how many features they have, which its instance norms miss."""
    first, second = (eval(f"nn.{made}", {"nn": ad.nn}).to("cpu") for _ in range(2))
    x = ad.randn(*LAZY[made])
    first(x)
    assert str(second.load_state_dict(first.state_dict())) == "<All keys matched successfully>"
    np.testing.assert_array_equal(second(x).detach().numpy(), first(x).detach().numpy())
    assert repr(second) == repr(first)


UNREAD = {
    "shape": lambda lib, p: p.shape,
    "length": lambda lib, p: len(p),
    "count": lambda lib, p: p.numel(),
    "dtype": lambda lib, p: str(p.dtype),
    "recorded": lambda lib, p: p.requires_grad,
    "shown": lambda lib, p: (repr(p), str(p), repr(copy.deepcopy(p))),
    "kind": lambda lib, p: isinstance(p, lib.nn.Parameter),
    "given": lambda lib, p: (p.materialize((2, 3)), tuple(p.shape), type(p).__name__, p.requires_grad)[1:],
    "in another dtype": lambda lib, p: (p.materialize((2,), dtype=lib.float64), str(p.dtype))[1:],
    "loaded into a plain one": lambda lib, p: lib.nn.Linear(4, 3).load_state_dict(lib.nn.LazyLinear(3).state_dict()),
    "cast before": lambda lib, p: (
        m := lib.nn.LazyLinear(3).double(), m(lib.ones(1, 2).double()), str(m.weight.dtype))[2:],
    "too few dims": lambda lib, p: lib.nn.LazyConv2d(2, 3)(lib.ones(4)),
    "groups": lambda lib, p: lib.nn.LazyConv1d(4, 3, groups=2)(lib.ones(1, 3, 5)),
    "a buffer": lambda lib, p: (b := lib.nn.UninitializedBuffer(), repr(b), b.materialize((2,)), type(b).__name__)[1:],
    "optimised": lambda lib, p: len(lib.optim.SGD([p], lr=0.1).param_groups[0]["params"]),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREAD)
def test_parameters_without_a_shape(name: str) -> None:
    alike(lambda lib, _: UNREAD[name](lib, lib.nn.parameter.UninitializedParameter()))


def test_an_operator_refuses_a_parameter_without_a_shape() -> None:
    with pytest.raises((ValueError, RuntimeError)):
        ad.nn.UninitializedParameter() + 1
    with pytest.raises(ValueError, match="uninitialized"):
        ad.nn.UninitializedParameter().sum()


PRIVATE = {
    "pairs": lambda lib, u: [u._single(2), u._pair(2), u._triple(2), u._quadruple(2), u._pair((1, 2)), u._ntuple(5)(1)],
    "repeated": lambda lib, u: u._reverse_repeat_tuple((1, 2, 3), 2),
    "defaults": lambda lib, u: u._list_with_default([None, 3], [4, 5, 6]),
    "prefix": lambda lib, u: (
        s := lib.nn.Sequential(lib.nn.Linear(1, 1)).state_dict(), u.consume_prefix_in_state_dict_if_present(s, "0."),
        list(s), dict(s._metadata))[2:],
    "batch norms": lambda lib, u: [isinstance(m, lib.nn.modules.batchnorm._BatchNorm) for m in
                                   (lib.nn.BatchNorm1d(1), lib.nn.BatchNorm3d(1), lib.nn.InstanceNorm1d(1))],
    "instance norms": lambda lib, u: isinstance(lib.nn.InstanceNorm2d(1), lib.nn.modules.instancenorm._InstanceNorm),
    "convolutions": lambda lib, u: isinstance(lib.nn.ConvTranspose2d(1, 1, 1), lib.nn.modules.conv._ConvNd),
    "losses": lambda lib, u: [issubclass(getattr(lib.nn, m), lib.nn.modules.loss._Loss) for m in
                              ("MSELoss", "CrossEntropyLoss", "CTCLoss", "GaussianNLLLoss", "Softmax")],
    "weighted": lambda lib, u: [issubclass(getattr(lib.nn, m), lib.nn.modules.loss._WeightedLoss) for m in
                                ("MSELoss", "CrossEntropyLoss", "BCELoss", "BCEWithLogitsLoss", "MultiMarginLoss")],
    "a loss of one's own": lambda lib, u: [lib.nn.modules.loss._Loss(reduction="sum").reduction,
                                           lib.nn.modules.loss._WeightedLoss(lib.ones(2)).weight],
    "data parallel": lambda lib, u: (
        m := lib.nn.DataParallel(lib.nn.Linear(2, 2)), repr(m), list(m.state_dict()), m(lib.ones(1, 2)),
        m.device_ids)[1:],
    "a parameter, printed": lambda lib, u: str(lib.nn.Parameter(lib.ones(2))),
}  # fmt: skip


@pytest.mark.parametrize("name", PRIVATE)
def test_what_programs_import_from_inside(name: str) -> None:
    alike(lambda lib, _: PRIVATE[name](lib, lib.nn.modules.utils))


TREE = {"a": [1, (2, None)], "b": {"c": 3}}
TREES = {
    "flat": lambda lib, p: p.tree_flatten(TREE)[0],
    "back": lambda lib, p: p.tree_unflatten(*p.tree_flatten(TREE)),
    "mapped": lambda lib, p: p.tree_map(str, TREE),
    "together": lambda lib, p: p.tree_map(lambda x, y: (x, y), [1, [2]], [3, [4]]),
    "only": lambda lib, p: p.tree_map_only(int, lambda x: x + 1, TREE),
    "leaves": lambda lib, p: p.tree_leaves(TREE, is_leaf=lambda x: isinstance(x, tuple)),
    "all": lambda lib, p: [p.tree_all(lambda x: x != 2, TREE), p.tree_any(lambda x: x == 2, TREE)],
    "count": lambda lib, p: p.tree_unflatten([1, 2], p.tree_structure(TREE)),
}


@pytest.mark.parametrize("name", TREES)
def test_nested_collections(name: str) -> None:
    alike(lambda lib, _: TREES[name](lib, importlib.import_module(f"{lib.__name__}.utils._pytree")))


def test_attention_takes_the_choice_of_a_kernel() -> None:
    def program(lib, _):
        attention = importlib.import_module(f"{lib.__name__}.nn.attention")
        kind = attention.SDPBackend
        q = lib.randn(1, 2, 3, 4)
        with attention.sdpa_kernel([kind.MATH, kind.FLASH_ATTENTION]), attention.sdpa_kernel(kind.MATH):
            out = lib.nn.functional.scaled_dot_product_attention(q, q, q)
        with pytest.raises(AssertionError), attention.sdpa_kernel("math"):
            pass
        return [out, [(n, int(m)) for n, m in kind.__members__.items()]]

    alike(program)
