"""Losses and distances: refusals, nodes, torch's older flags, and cross entropy against what it is made of."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

import autodiff as ad

RNG = np.random.default_rng(0)
X, Y, P = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4)), RNG.uniform(0.05, 0.95, size=(3, 4))

#: In either library: what it gives or refuses, and how it is recorded.
CALLS = {
    "l1": lambda t, x, y, p: t.nn.functional.l1_loss(x, y),
    "l1 of whole numbers": lambda t, x, y, p: t.nn.functional.l1_loss(x.int(), y.int()),
    "l1 weighted": lambda t, x, y, p: t.nn.functional.l1_loss(x, y, weight=p),
    "mse weighted": lambda t, x, y, p: t.nn.functional.mse_loss(x, y, weight=p, reduction="sum"),
    "weights of another shape": lambda t, x, y, p: t.nn.functional.mse_loss(x, y, weight=p[0]),
    "broadcast": lambda t, x, y, p: t.nn.functional.huber_loss(x, y[0]),
    "huber": lambda t, x, y, p: t.nn.functional.huber_loss(x, y),
    "huber of 0": lambda t, x, y, p: t.nn.functional.huber_loss(x, y, delta=0),
    "smooth": lambda t, x, y, p: t.nn.functional.smooth_l1_loss(x, y.float()),
    "smooth of -1": lambda t, x, y, p: t.nn.functional.smooth_l1_loss(x, y, beta=-1),
    "older flags": lambda t, x, y, p: t.nn.functional.l1_loss(x, y, size_average=False),
    "reduction": lambda t, x, y, p: t.nn.functional.l1_loss(x, y, reduction="batchmean"),
    "probabilities": lambda t, x, y, p: t.nn.functional.binary_cross_entropy(p, p),
    "no probabilities": lambda t, x, y, p: t.nn.functional.binary_cross_entropy(x, p),
    "probabilities' shapes": lambda t, x, y, p: t.nn.functional.binary_cross_entropy(p, p[0]),
    "probabilities' weight": lambda t, x, y, p: t.nn.functional.binary_cross_entropy(p, p, p.clone().requires_grad_()),
    "logits": lambda t, x, y, p: t.nn.functional.binary_cross_entropy_with_logits(x, p, pos_weight=p[0]),
    "logits against floats": lambda t, x, y, p: t.nn.functional.binary_cross_entropy_with_logits(x, p.float()),
    "logits against integers": lambda t, x, y, p: t.nn.functional.binary_cross_entropy_with_logits(x, p.int()),
    "logits' shapes": lambda t, x, y, p: t.nn.functional.binary_cross_entropy_with_logits(x, p[0]),
    "root logits": lambda t, x, y, p: t.binary_cross_entropy_with_logits(x[0], p, reduction=0),
    "root logits, shapes": lambda t, x, y, p: t.binary_cross_entropy_with_logits(x, p[0]),
    "divergence": lambda t, x, y, p: t.nn.functional.kl_div(x, p, reduction="batchmean"),
    "divergence, mean": lambda t, x, y, p: t.nn.functional.kl_div(x, p),
    "divergence of integers": lambda t, x, y, p: t.nn.functional.kl_div(x.int(), p.int()),
    "soft margin": lambda t, x, y, p: t.nn.functional.soft_margin_loss(x, y.sign()),
    "soft margin's target": lambda t, x, y, p: t.nn.functional.soft_margin_loss(x, p.clone().requires_grad_()),
    "variance": lambda t, x, y, p: t.nn.functional.gaussian_nll_loss(x, y, p[:, :1]),
    "variance as a number": lambda t, x, y, p: t.nn.functional.gaussian_nll_loss(x, y, 0.5, full=True),
    "variance below 0": lambda t, x, y, p: t.nn.functional.gaussian_nll_loss(x, y, -0.5),
    "triplet": lambda t, x, y, p: t.nn.functional.triplet_margin_loss(x, y, p, swap=True),
    "triplet's margin": lambda t, x, y, p: t.nn.functional.triplet_margin_loss(x, y, p, margin=0),
    "triplet by another distance": lambda t, x, y, p: t.nn.functional.triplet_margin_with_distance_loss(
        x, y, p, distance_function=lambda a, b: (a - b).abs().sum(-1)
    ),
    "rank": lambda t, x, y, p: t.nn.functional.margin_ranking_loss(x, y, p[0]),
    "cosine embedding": lambda t, x, y, p: t.nn.functional.cosine_embedding_loss(x, y, t.tensor([1, -1, 1])),
    "cosine of integers": lambda t, x, y, p: t.nn.functional.cosine_similarity(x.int(), y.int()),
    "distances": lambda t, x, y, p: t.cdist(x, y),
    "distances of batches": lambda t, x, y, p: t.cdist(x.reshape(3, 1, 2, 2), y.reshape(2, 3, 2), p=1.0),
    "distances by products": lambda t, x, y, p: t.cdist(x, y, compute_mode="use_mm_for_euclid_dist"),
    "distances' columns": lambda t, x, y, p: t.cdist(x, y[:, :2]),
    "distances' mode": lambda t, x, y, p: t.cdist(x, y, compute_mode="fast"),
    "distances' power": lambda t, x, y, p: t.cdist(x, y, -1.0),
    "distances in halves": lambda t, x, y, p: t.cdist(x.half(), y.half()),
    "distances of pairs": lambda t, x, y, p: t.pdist(x, 3.0),
    "distances of a vector": lambda t, x, y, p: t.pdist(x[0]),
    "mean square": lambda t, x, y, p: t.nn.functional.rms_norm(x, (4,)),
    "one hot": lambda t, x, y, p: t.nn.functional.one_hot(t.tensor([[0, 2], [1, 1]])),
    "one hot of five": lambda t, x, y, p: t.nn.functional.one_hot(t.tensor(3), 5),
    "one hot of none": lambda t, x, y, p: t.nn.functional.one_hot(t.tensor([], dtype=t.int64)),
    "one hot below 0": lambda t, x, y, p: t.nn.functional.one_hot(t.tensor([-1])),
    "one hot of int32": lambda t, x, y, p: t.nn.functional.one_hot(t.tensor([1], dtype=t.int32)),
    "one hot of too few": lambda t, x, y, p: t.nn.functional.one_hot(t.tensor([3]), 2),
}
#: torch's node where ours is fused otherwise, with what it has.
ELSEWHERE = {"NormBackward1": "LinalgVectorNormBackward0", "ViewBackward0": "EuclideanDistBackward0"}


@pytest.mark.parametrize("name", CALLS)
def test_as_torch(name):
    found = []
    for lib in (torch, ad):
        x, y = (lib.tensor(a, requires_grad=True) for a in (X, Y))
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                result = CALLS[name](lib, x, y, lib.tensor(P))
                node = type(result.grad_fn).__name__
                outcome = (str(result.dtype), ELSEWHERE.get(node, node), result.detach().numpy())
            except (RuntimeError, ValueError, NotImplementedError) as error:
                outcome = (type(error), str(error))
        found.append((*outcome, [str(w.message) for w in warned]))
    theirs, ours = found
    np.testing.assert_equal(ours[:2] + ours[3:], theirs[:2] + theirs[3:])
    if isinstance(theirs[2], np.ndarray):
        np.testing.assert_allclose(ours[2], theirs[2], rtol=1e-6 if "float32" in theirs[0] else 1e-12, strict=True)


def test_distances_have_no_second_derivative_but_that_by_products():
    for lib in (torch, ad):
        x, y = (lib.tensor(a, requires_grad=True) for a in (X, Y))
        for distances, lacks in ((lib.cdist(x, y), "_cdist_backward"), (lib.pdist(x), "_pdist_backward")):
            (g,) = lib.autograd.grad(distances.sum(), x, create_graph=True)
            with pytest.raises(RuntimeError, match=f"the derivative for '{lacks}' is not implemented"):
                lib.autograd.grad(g.sum(), x)
    seconds = []
    for lib in (torch, ad):
        x, y = (lib.tensor(a, requires_grad=True) for a in (X, Y))
        far = lib.cdist(x, y, compute_mode="use_mm_for_euclid_dist")
        (g,) = lib.autograd.grad((far * lib.tensor(P[:, :3])).sum(), x, create_graph=True)
        seconds.append([h.numpy() for h in lib.autograd.grad((g * lib.tensor(Y)).sum(), (x, y))])
    np.testing.assert_allclose(seconds[0], seconds[1], rtol=1e-9)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy_is_what_it_is_made_of_in_three_orders(reduction, weighted):
    found = []
    for fused in (False, True):
        x, target = ad.tensor(X, requires_grad=True), ad.tensor([2, 1, 3])
        weight = ad.tensor(P[0]) if weighted else None
        F = ad.nn.functional
        if fused:
            loss = F.cross_entropy(x * 1, target, weight, ignore_index=1, reduction=reduction)
        else:
            loss = F.nll_loss(ad.log_softmax(x * 1, 1), target, weight, ignore_index=1, reduction=reduction)
        (g,) = ad.autograd.grad((loss * loss).sum(), x, create_graph=True)
        (h,) = ad.autograd.grad((g * ad.tensor(Y)).sum() + (g * g).sum(), x, create_graph=True)
        (third,) = ad.autograd.grad((h * ad.tensor(Y)).sum(), x)
        found.append([v.detach().numpy() for v in (loss, g, h, third)])
    for composed, fused in zip(*found):
        np.testing.assert_allclose(fused, composed, rtol=1e-12, atol=1e-14)


def test_what_cross_entropy_saved_is_its_own():
    for lib in (torch, ad):
        x = lib.tensor(X, requires_grad=True)
        y = x * 1
        loss = lib.nn.functional.cross_entropy(y, lib.tensor([0, 1, 2]))
        y.mul_(2)  # the scores themselves are not needed any more
        loss.backward()
        assert x.grad is not None


def test_large_rows_are_done_in_blocks():
    rows = RNG.normal(size=(40, 3000)) * 10
    for name in ("softmax", "log_softmax"):
        theirs = getattr(torch, name)(torch.tensor(rows), 1).numpy()
        np.testing.assert_allclose(getattr(ad, name)(ad.tensor(rows), 1).numpy(), theirs, rtol=1e-11)


#: A linear layer and cross entropy in one: x is the input, y of another table's shape.
LINEAR = {
    "plain": lambda t, F, x, w: F.linear_cross_entropy(x, w, t.tensor([0, 4, 2])),
    "bias": lambda t, F, x, w: F.linear_cross_entropy(x, w, t.tensor([0, 4, 2]), linear_bias=w[:, 0]),
    "weights": lambda t, F, x, w: F.linear_cross_entropy(x, w, t.tensor([0, 4, 2]), weight=w[:, 0].detach().abs()),
    "each": lambda t, F, x, w: F.linear_cross_entropy(x, w, t.tensor([0, 4, 2]), reduction="none"),
    "ignored": lambda t, F, x, w: F.linear_cross_entropy(x, w, t.tensor([0, 4, 2]), ignore_index=4, reduction="sum"),
    "smoothed": lambda t, F, x, w: F.linear_cross_entropy(x, w, t.tensor([0, 4, 2]), label_smoothing=0.2),
    "one": lambda t, F, x, w: F.linear_cross_entropy(x[0], w, t.tensor(3)),
    "several": lambda t, F, x, w: F.linear_cross_entropy(
        x, w[:4].reshape(2, 2, 4), t.tensor([[0, 1], [1, 1], [0, 0]]), linear_bias=w[:2, :2], reduction="none"
    ),
    "shares": lambda t, F, x, w: F.linear_cross_entropy(x, w, t.softmax(t.arange(15.0).double().reshape(3, 5), 1)),
    "in pieces": lambda t, F, x, w: F.linear_cross_entropy(
        x, w, t.tensor([0, 4, 2]), options=t.nn.LinearCrossEntropyOptions(batch_chunk_size=2, chunking_method=None)
    ),
    "shares and ignored": lambda t, F, x, w: F.linear_cross_entropy(x, w, x.new_ones(3, 5) / 5, ignore_index=1),
    "three dimensions": lambda t, F, x, w: F.linear_cross_entropy(x[None], w, t.tensor([0])),
    "a vector of weights": lambda t, F, x, w: F.linear_cross_entropy(x, w[0], t.tensor([0, 4, 2])),
    "features": lambda t, F, x, w: F.linear_cross_entropy(x, w[:, :3], t.tensor([0, 4, 2])),
    "bias of another shape": lambda t, F, x, w: F.linear_cross_entropy(x, w, t.tensor([0, 4, 2]), linear_bias=w[0]),
    "several of one": lambda t, F, x, w: F.linear_cross_entropy(x[0], w[:4].reshape(2, 2, 4), t.tensor([0, 1])),
    **{
        f"options {given}": lambda t, F, x, w, given=given: repr(t.nn.LinearCrossEntropyOptions(**given))
        for given in (
            {}, {"acc_policy": "fast"}, {"chunking_method": "half"}, {"chunking_method": "aspect_ratio:0"},
            {"chunking_method": "aspect_ratio:3"}, {"batch_chunk_size": 0}, {"batch_chunk_size": 3},
        )
    },
    "a module of several": lambda t, F, x, w: repr(t.nn.LinearCrossEntropyLoss(4, 3, out_features=(2,), bias=True)),
    "a module's weight": lambda t, F, x, w: t.nn.LinearCrossEntropyLoss(4, 3, weight=t.ones(4)),
    "a module's smoothing": lambda t, F, x, w: t.nn.LinearCrossEntropyLoss(4, 3, label_smoothing=2.0),
}  # fmt: skip


@pytest.mark.parametrize("name", LINEAR)
def test_a_linear_layer_and_cross_entropy_in_one(name):
    found = []
    for lib in (torch, ad):
        x = lib.tensor(X, requires_grad=True)
        w = lib.tensor(np.cos(np.arange(20.0)).reshape(5, 4), requires_grad=True)
        try:
            loss = LINEAR[name](lib, lib.nn.functional, x, w)
        except Exception as error:
            found.append([type(error).__name__, str(error).split()[:4]])
            continue
        if isinstance(loss, str):
            found.append([loss])
            continue
        (loss * loss).sum().backward()
        found.append([loss.detach().numpy(), x.grad.numpy(), w.grad.numpy()])
    for theirs, ours in zip(*found, strict=True):
        if isinstance(theirs, np.ndarray):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14, strict=True)
        else:
            assert ours == theirs
