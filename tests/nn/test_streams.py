"""After `manual_seed`, what is drawn for a program is torch's: first values, orders of batches, the stream."""

from __future__ import annotations

import pytest
import torch

import autodiff as ad
from parity.compare import yardstick

INIT = {
    "uniform_": lambda i, t: i.uniform_(t, -0.5, 2.0),
    "normal_": lambda i, t: i.normal_(t, 1.0, 0.3),
    "trunc_normal_": lambda i, t: i.trunc_normal_(t, 0.1, 0.5, -0.6, 0.9),
    "constant_": lambda i, t: i.constant_(t, 0.3),
    "ones_": lambda i, t: i.ones_(t),
    "zeros_": lambda i, t: i.zeros_(t),
    "xavier_uniform_": lambda i, t: i.xavier_uniform_(t, gain=i.calculate_gain("relu")),
    "xavier_normal_": lambda i, t: i.xavier_normal_(t),
    "kaiming_uniform_": lambda i, t: i.kaiming_uniform_(t, a=5**0.5),
    "kaiming_uniform_ fan_out": lambda i, t: i.kaiming_uniform_(t, mode="fan_out", nonlinearity="relu"),
    "kaiming_normal_": lambda i, t: i.kaiming_normal_(t, mode="fan_out", nonlinearity="tanh"),
    "orthogonal_": lambda i, t: i.orthogonal_(t, gain=0.5),
    "sparse_": lambda i, t: i.sparse_(t, 0.4, std=0.2),
    "eye_": lambda i, t: i.eye_(t),
    "dirac_": lambda i, t: i.dirac_(t),
}  # fmt: skip
#: Sizes from which torch's generators take other ways, and shapes with fans of their own.
SHAPES = [(3, 5), (16, 16), (33, 70), (4, 3, 3, 3), (8, 2, 5)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", INIT)
def test_first_values_by_name(name, shape, dtype):
    if (name in ("sparse_", "eye_") and len(shape) != 2) or (name == "dirac_" and len(shape) == 2):
        pytest.skip("of matrices alone, or of kernels alone")

    def run(lib):
        lib.manual_seed(11)
        made = INIT[name](lib.nn.init, lib.empty(*shape, dtype=getattr(lib, dtype)))
        return made.numpy(), lib.get_rng_state().numpy().tobytes()

    (theirs, after), (ours, ended) = run(torch), run(ad)
    assert ended == after
    # The last places of torch's vectorised draws are its own, and orthogonal matrices sum over their rows.
    spread = yardstick.rounding(theirs)
    assert (yardstick.deviation(theirs, ours) <= yardstick.allowed(theirs, spread + spread.max())).all()


LOADERS = {
    "shuffled": {"shuffle": True},
    "shuffled by a generator": {"shuffle": True, "generator": 5},
    "the last ones dropped": {"shuffle": True, "drop_last": True},
    "some more than once": {"sampler": ("RandomSampler", {"replacement": True, "num_samples": 15})},
    "by weights": {"sampler": ("WeightedRandomSampler", {})},
    "in order": {},
}


@pytest.mark.parametrize("name", LOADERS)
def test_orders_of_batches(name):
    def run(lib):
        lib.manual_seed(6)
        data, settings = lib.utils.data, dict(LOADERS[name])
        numbers = data.TensorDataset(lib.arange(11))
        if "generator" in settings:
            settings["generator"] = lib.Generator().manual_seed(settings["generator"])
        if "sampler" in settings:
            kind, more = settings["sampler"]
            if kind == "WeightedRandomSampler":
                settings["sampler"] = data.WeightedRandomSampler([1.0, 2.0, 0.5] * 3 + [4.0, 1.0], 9)
            else:
                settings["sampler"] = data.RandomSampler(numbers, **more)
        loader = data.DataLoader(numbers, batch_size=3, **settings)
        epochs = [[batch.tolist() for (batch,) in loader] for _ in range(3)]
        return epochs, lib.rand(2).tolist(), lib.get_rng_state().numpy().tobytes()

    assert run(ad) == run(torch)
