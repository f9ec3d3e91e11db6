"""In-place methods as functions of the root, `neg_(x)`, held against torch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import autodiff as ad

NUMBERS = [0.25, 0.5, 0.75]
GIVEN = {
    "addmv_": ([[1.0, 2.0]] * 3, [3.0, 4.0]),
    "as_strided_": ((2,), (2,)),
    "clamp_": (0.3, 0.6),
    "clamp_max_": (0.6,),
    "clamp_min_": (0.3,),
    "clip_": (0.3, 0.6),
    "fill_": (2.5,),
    "gcd_": ([4, 6, 9],),
    "index_put_": (([2, 0],), [5.0, 6.0]),
    "lcm_": ([4, 6, 9],),
    "ldexp_": ([1, 2, 3],),
    "logit_": (0.3,),
    "nan_to_num_": (1.0,),
    "resize_as_": ([1.0, 2.0],),
    "xlogy_": ([1.0, 2.0, 3.0],),
}
NAMES = sorted(n for n in dir(ad) if n.endswith("_") and n[0] != "_" and hasattr(ad.Tensor, n) and hasattr(torch, n))


def filled(engine, given):
    if isinstance(given, tuple) and any(isinstance(g, list) for g in given):
        return tuple(engine.tensor(g) for g in given)
    return engine.tensor(given) if isinstance(given, list) else given


def written(engine, name):
    whole = name in ("gcd_", "lcm_")
    x = engine.tensor([8, 9, 12] if whole else [1.5, 2.5, 3.5] if name == "acosh_" else NUMBERS)
    result = getattr(engine, name)(x, *[filled(engine, g) for g in GIVEN.get(name, ())])
    assert result is x
    return result.numpy(), x._version


@pytest.mark.parametrize("name", NAMES)
def test_it_writes_what_torch_writes(name):
    (ours, version), (theirs, counted) = written(ad, name), written(torch, name)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, strict=True)
    assert version == counted


def test_every_one_of_torchs_is_there():
    """But for the one that writes into a sparse tensor's memory."""
    theirs = {n for n in dir(torch) if n.endswith("_") and not n.startswith("_")}
    assert theirs - set(dir(ad)) == {"resize_as_sparse_"}


def test_only_tensors_are_written():
    for engine in (torch, ad):
        with pytest.raises(TypeError, match=r"neg_\(\): argument 'input' \(position 1\) must be Tensor, not int"):
            engine.neg_(3)


def test_writing_is_recorded():
    for engine in (torch, ad):
        x = engine.tensor([1.0, 2.0], requires_grad=True)
        engine.sin_(y := x * 2).sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), 2 * np.cos([2.0, 4.0]), rtol=1e-6)
        assert y.grad_fn.name() == "SinBackward0"
