"""Names that few programs use, whose arguments no step of a program can hold: held against torch call by call."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import autodiff as ad


def numbers(lib, *shape):
    return lib.arange(float(np.prod(shape))).reshape(shape)


CALLS = """
lib.unravel_index(lib.tensor([1, 5]), (2, 3)) | lib.unravel_index(lib.tensor(-1), (2, 3))
lib.unravel_index(lib.tensor([3]), 6) | lib.unravel_index(lib.tensor([3]), ())
lib.unravel_index(lib.tensor([3], dtype=lib.int32), (2, 3)) | lib.unravel_index(lib.tensor([1.0]), (2, 3))
lib.unravel_index(lib.tensor([1]), (-2, 3)) | lib.nonzero_static(x, size=3) | x.nonzero_static(size=-1)
lib.nonzero_static(x, size=9, fill_value=-7) | lib.nonzero_static(lib.tensor(3.0), size=2)
x.fill_diagonal_(9) | lib.zeros(7, 2).fill_diagonal_(1, wrap=True) | lib.zeros(8, 3).fill_diagonal_(1, True)
lib.zeros(3).fill_diagonal_(1) | lib.zeros(2, 2, 2).fill_diagonal_(1) | lib.zeros(2, 2, 3).fill_diagonal_(1)
x.sum_to_size(1, 3) | x.sum_to_size((3,)) | x.sum_to_size(2, 3) | x.sum_to_size(2, 2) | x.sum_to_size(1)
x.apply_(lambda v: v * 2) | x.map_(x.clone(), lambda a, b: a + b) | x.map_(x[0].clone(), lambda a, b: a + b)
x.map2_(x.clone(), x.clone(), lambda a, b, c: a + b * c) | x.requires_grad_().apply_(lambda v: v)
x.map_(lib.ones(2, 3, dtype=lib.int64), max) | x.is_set_to(x) | x.is_set_to(x.view(2, 3)) | x.is_set_to(x.t())
x.set_() | lib.zeros(2).set_(x) | x.set_(lib.zeros(4), 0, (2, 2)) | x.set_(lib.tensor([1])) | x.share_memory_()
lib.fill(x, 3) | lib.fill(x, lib.tensor(3)) | lib.fill(x, lib.tensor([3])) | x.resize_as(lib.ones(3, 2))
lib.frobenius_norm(x, 1) | lib.frobenius_norm(x, (0, 1), True) | lib.nuclear_norm(x) | lib.nuclear_norm(x, (0, 1), True)
lib.norm_except_dim(x, 2, 0) | lib.norm_except_dim(x, 1, 1) | lib.norm_except_dim(x, 2, -1)
lib.segment_reduce(x, "sum") | lib.segment_reduce(x, "bad", lengths=lib.tensor([2]))
lib.segment_reduce(x, "sum", lengths=lib.tensor([1, 2]))
lib.segment_reduce(x, "mean", lengths=lib.tensor([[1, 2], [3, 0]]), axis=1)
lib.segment_reduce(x, "mean", offsets=lib.tensor([0, 1, 2]), initial=1.0)
lib.pca_lowrank(x, 9) | lib.pca_lowrank(x, 1, niter=-1)
"""


def answer(lib, call):
    try:
        return eval(call, {"lib": lib, "x": numbers(lib, 2, 3)})
    except Exception as error:
        return type(error).__name__, str(error)[:40]


@pytest.mark.parametrize("call", [c.strip() for line in CALLS.strip().splitlines() for c in line.split(" | ")])
def test_it_answers_as_torch(call):
    ours, theirs = answer(ad, call), answer(torch, call)
    for a, b in zip(*(t if isinstance(t, tuple) else (t,) for t in (ours, theirs)), strict=True):
        if isinstance(b, torch.Tensor):
            np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-6, strict=True)
        else:
            assert a == b


RECORDED = {
    "sum_to_size": lambda lib, w: w.sum_to_size(1, 2, 1),
    "fill": lambda lib, w: lib.fill(w, 2.0) * w,
    "fill_diagonal_": lambda lib, w: (w * 2)[:, :, 0].fill_diagonal_(5.0),
    "conv_tbc": lambda lib, w: lib.conv_tbc(w, w.transpose(1, 2)[:2], w[0, 0, :1] * lib.ones(2), 1),
    "frobenius_norm": lambda lib, w: lib.frobenius_norm(w, (0, 2)),
    "norm_except_dim": lambda lib, w: lib.norm_except_dim(w, 2, 1),
    **{
        f"segment_reduce {how} {initial}": lambda lib, w, how=how, initial=initial: lib.segment_reduce(
            w, how, lengths=lib.tensor([2, 0, 1]), initial=initial
        )
        for how in ("sum", "mean", "max", "min", "prod")
        for initial in (None, 2.0)
    },
}


@pytest.mark.parametrize("name", RECORDED)
def test_values_and_gradients(name):
    found = []
    for lib in (ad, torch):
        w = (numbers(lib, 3, 2, 2) % 5 + 1).double().requires_grad_()
        y = RECORDED[name](lib, w)
        seed = (numbers(lib, *y.shape).double() * 0.3).sin()
        finite = lib.isfinite(y)
        (grad,) = lib.autograd.grad((y * seed)[finite].sum(), w)
        found.append((y.detach().numpy(), grad.numpy()))
    for ours, theirs in zip(*found):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, strict=True)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (2, 5, 4)])
@pytest.mark.parametrize("given", [{}, {"M": True}, {"pca": True}, {"pca": True, "center": False}])
def test_few_singular_values_of_the_same_random_vectors(shape, given):
    """U, S and V have signs that nobody promises: what they multiply to has none."""
    found = []
    for lib in (ad, torch):
        A = (numbers(lib, *shape).double() ** 2).sin()
        lib.manual_seed(3)
        if "pca" in given:
            U, S, V = lib.pca_lowrank(A, 2, center=given.get("center", True))
        else:
            U, S, V = lib.svd_lowrank(A, 2, M=lib.ones(shape, dtype=lib.float64) if given else None)
        found.append((S.numpy(), (U * S.unsqueeze(-2) @ V.mT).numpy(), lib.get_rng_state().numpy()))
    for ours, theirs in zip(*found):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12, strict=True)


def test_a_loss_under_its_name_of_old():
    for lib in (ad, torch):
        with pytest.warns(FutureWarning, match="NLLLoss2d"):
            loss = lib.nn.NLLLoss2d()
        assert loss(lib.tensor([[0.25, 0.75]]), lib.tensor([1])).item() == -0.75
        assert repr(loss) == "NLLLoss2d()"


@pytest.mark.parametrize("kind", ["Conv2d", "ConvTranspose1d", "Linear"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("affine", [True, False])
def test_a_norm_goes_into_the_layer_before_it(kind, bias, affine):
    found = []
    for lib in (ad, torch):
        lib.manual_seed(1)
        nn = lib.nn
        layer = nn.Linear(3, 4, bias=bias) if kind == "Linear" else getattr(nn, kind)(3, 4, 2, bias=bias)
        norm = nn.BatchNorm2d(4, affine=affine) if kind == "Conv2d" else nn.BatchNorm1d(4, affine=affine)
        norm.running_mean.copy_(lib.randn(4))
        norm.running_var.uniform_(0.5, 2.0)
        layer, norm = layer.eval(), norm.eval()
        if kind == "Linear":
            if not (affine and bias):
                pytest.skip("torch's own wants all of them")
            fused, x = nn.utils.fuse_linear_bn_eval(layer, norm), lib.randn(5, 3)
        else:
            x = lib.randn(2, 3, *[5] * (layer.weight.dim() - 2))
            fused = nn.utils.fusion.fuse_conv_bn_eval(layer, norm, transpose="Transpose" in kind)
        with lib.no_grad():
            np.testing.assert_allclose(fused(x).numpy(), norm(layer(x)).numpy(), rtol=2e-5, atol=1e-5)
        assert type(fused) is type(layer)
        found.append([(p.detach().numpy(), p.requires_grad) for p in (fused.weight, fused.bias)])
        with pytest.raises(AssertionError, match="eval"):
            getattr(nn.utils, "fuse_linear_bn_eval" if kind == "Linear" else "fuse_conv_bn_eval")(layer.train(), norm)
    for (ours, recorded), (theirs, wanted) in zip(*found):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6, strict=True)
        assert recorded == wanted


def test_a_module_that_draws_nothing():
    for lib in (ad, torch):
        before = lib.get_rng_state().numpy().copy()
        layer = lib.nn.utils.skip_init(lib.nn.Linear, 2, 3, bias=False)
        assert layer.weight.shape == (3, 2)
        np.testing.assert_array_equal(lib.get_rng_state().numpy(), before)
        with pytest.raises(RuntimeError, match="'device' arg"):
            lib.nn.utils.skip_init(lib.nn.ReLU)
