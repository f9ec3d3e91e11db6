"""Layers beside torch's: signature, repr, first values, output, gradients, state; in training and evaluation."""

from __future__ import annotations

import inspect

import pytest
import torch

import autodiff as ad
from tests.core.side_by_side import outcome, same

F4, F3 = (2, 4, 6, 6), (2, 4, 7)

#: Class, arguments, shapes of the inputs (a whole number: classes below it).
LAYERS = [
    *((name, {}, [(3, 4)]) for name in [
        "CELU", "ELU", "GELU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "LogSigmoid",
        "Mish", "ReLU", "ReLU6", "SELU", "Sigmoid", "SiLU", "Softplus", "Softshrink", "Softsign", "Tanh",
        "Tanhshrink", "PReLU", "Identity",
    ]),
    ("CELU", {"alpha": 0.5, "inplace": True}, [(3, 4)]),
    ("GELU", {"approximate": "tanh"}, [(3, 4)]),
    ("GLU", {"dim": 0}, [(4, 4)]),
    ("Hardtanh", {"min_val": -0.5, "max_val": 0.25}, [(3, 4)]),
    ("LeakyReLU", {"negative_slope": 0.3, "inplace": True}, [(3, 4)]),
    ("RReLU", {"lower": 0.1, "upper": 0.5}, [(3, 4)]),
    ("Threshold", {"threshold": 0.1, "value": 20.0}, [(3, 4)]),
    ("Softmax", {"dim": 1}, [(3, 4)]),
    ("Softmin", {"dim": 1}, [(3, 4)]),
    ("LogSoftmax", {"dim": -1}, [(3, 4)]),
    ("Softmax2d", {}, [F4]),
    ("PReLU", {"num_parameters": 4, "init": 0.5}, [F4]),
    ("Linear", {"in_features": 4, "out_features": 3}, [(2, 5, 4)]),
    ("Linear", {"in_features": 4, "out_features": 3, "bias": False}, [(4,)]),
    ("Bilinear", {"in1_features": 2, "in2_features": 3, "out_features": 4}, [(5, 2), (5, 3)]),
    *((name, {"p": 0.4}, [shape]) for name, shape in (
        ("Dropout", (3, 4)), ("Dropout1d", F3), ("Dropout2d", F4), ("Dropout3d", (2, 4, 3, 2, 2)),
        ("AlphaDropout", (3, 4)), ("FeatureAlphaDropout", F4),
    )),
    ("Conv1d", {"in_channels": 4, "out_channels": 6, "kernel_size": 3}, [F3]),
    ("Conv2d", {"in_channels": 4, "out_channels": 6, "kernel_size": (3, 2), "stride": 2, "padding": 1, "groups": 2},
     [F4]),
    ("Conv2d", {"in_channels": 4, "out_channels": 2, "kernel_size": 3, "padding": "same", "dilation": 2,
                "bias": False}, [F4]),
    ("Conv3d", {"in_channels": 2, "out_channels": 2, "kernel_size": 2}, [(1, 2, 3, 3, 3)]),
    ("ConvTranspose1d", {"in_channels": 4, "out_channels": 2, "kernel_size": 3, "stride": 2}, [F3]),
    ("ConvTranspose2d", {"in_channels": 4, "out_channels": 2, "kernel_size": 3, "stride": 2, "padding": 1,
                         "output_padding": 1, "groups": 2}, [F4]),
    ("ConvTranspose3d", {"in_channels": 2, "out_channels": 2, "kernel_size": 2, "dilation": 2}, [(1, 2, 3, 3, 3)]),
    ("LayerNorm", {"normalized_shape": (4, 7)}, [F3]),
    ("LayerNorm", {"normalized_shape": 7, "bias": False, "eps": 1e-3}, [F3]),
    ("LayerNorm", {"normalized_shape": 7, "elementwise_affine": False}, [F3]),
    ("RMSNorm", {"normalized_shape": 7}, [F3]),
    *((f"{kind}Pool{n}d", {"kernel_size": 2}, [(1, 2, *(5, 4, 6)[:n])]) for kind in ("Max", "Avg") for n in (1, 2, 3)),
    *((f"LPPool{n}d", {"norm_type": 2.0, "kernel_size": 2}, [(1, 2, *(5, 4, 6)[:n])]) for n in (1, 2, 3)),
    *((f"Adaptive{kind}Pool{n}d", {"output_size": 2}, [(1, 2, *(5, 4, 6)[:n])])
      for kind in ("Max", "Avg") for n in (1, 2, 3)),
    ("MaxPool2d", {"kernel_size": 3, "stride": 1, "padding": 1, "dilation": 2, "ceil_mode": True}, [F4]),
    ("AvgPool2d", {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}, [F4]),
    ("AdaptiveAvgPool2d", {"output_size": (3, None)}, [F4]),
    ("GroupNorm", {"num_groups": 2, "num_channels": 4}, [F4]),
    ("GroupNorm", {"num_groups": 4, "num_channels": 4, "affine": False}, [F3]),
    *((f"{kind}Norm{n}d", {"num_features": 2}, [(3, 2, *(5, 4, 3)[:n])])
      for kind in ("Batch", "Instance") for n in (1, 2, 3)),
    ("BatchNorm1d", {"num_features": 4, "momentum": None}, [(3, 4)]),
    ("BatchNorm2d", {"num_features": 4, "track_running_stats": False, "affine": False}, [F4]),
    ("InstanceNorm2d", {"num_features": 4, "affine": True, "track_running_stats": True}, [F4]),
    ("LocalResponseNorm", {"size": 2}, [F4]),
    ("PixelShuffle", {"upscale_factor": 2}, [F4]),
    ("PixelUnshuffle", {"downscale_factor": 2}, [F4]),
    ("ChannelShuffle", {"groups": 2}, [F4]),
    ("Unfold", {"kernel_size": 3, "stride": 2}, [F4]),
    ("Fold", {"output_size": (3, 3), "kernel_size": 2}, [(1, 4, 4)]),
    ("Upsample", {"scale_factor": 2}, [F4]),
    ("Upsample", {"size": (5, 7), "mode": "bilinear", "align_corners": True}, [F4]),
    ("UpsamplingNearest2d", {"scale_factor": 2}, [F4]),
    ("UpsamplingBilinear2d", {"scale_factor": 2}, [F4]),
    *((f"{kind}Pad{n}d", {"padding": 1}, [(1, 2, *(5, 4, 3)[:n])])
      for kind in ("Zero", "Reflection", "Replication", "Circular") for n in (1, 2, 3)),
    *((f"ConstantPad{n}d", {"padding": 2, "value": 3.5}, [(1, 2, *(5, 4, 3)[:n])]) for n in (1, 2, 3)),
    ("ZeroPad2d", {"padding": (0, 1, 2, 0)}, [F4]),
    ("Conv2d", {"in_channels": 4, "out_channels": 2, "kernel_size": 3, "padding": 1, "padding_mode": "reflect"}, [F4]),
    ("MultiMarginLoss", {"p": 2, "margin": 0.5}, [(3, 4), 4]),
    ("Flatten", {}, [F4]),
    ("Unflatten", {"dim": 1, "unflattened_size": (2, 2)}, [F4]),
    ("CosineSimilarity", {"dim": 0}, [(3, 4), (3, 4)]),
    ("PairwiseDistance", {"p": 1.0, "keepdim": True}, [(3, 4), (3, 4)]),
    *((name, {"reduction": how}, [(3, 4), (3, 4)]) for name in [
        "L1Loss", "MSELoss", "SmoothL1Loss", "HuberLoss", "SoftMarginLoss", "KLDivLoss", "PoissonNLLLoss",
        "HingeEmbeddingLoss",
    ] for how in ("mean", "sum")),
    ("SmoothL1Loss", {"beta": 0.3}, [(3, 4), (3, 4)]),
    ("HuberLoss", {"delta": 0.3}, [(3, 4), (3, 4)]),
    ("BCEWithLogitsLoss", {}, [(3, 4), (3, 4)]),
    ("CrossEntropyLoss", {"label_smoothing": 0.1}, [(3, 4), 4]),
    ("NLLLoss", {"ignore_index": 1, "reduction": "sum"}, [(3, 4), 4]),
    ("TripletMarginLoss", {"margin": 0.5, "swap": True}, [(3, 4)] * 3),
    ("TripletMarginWithDistanceLoss", {}, [(3, 4)] * 3),
    ("MarginRankingLoss", {"margin": 0.5}, [(3,)] * 3),
    ("MultiLabelSoftMarginLoss", {}, [(3, 4), (3, 4)]),
]  # fmt: skip


def inputs_of(lib, shapes, several):
    made = []
    for i, shape in enumerate(shapes):
        if isinstance(shape, int):
            made.append(lib.tensor([0, shape - 1, 1]))
            continue
        count = 1
        for n in shape:
            count *= n
        values = lib.sin(lib.arange(count, dtype=lib.float64) * (i + 1.3)) * 1.5
        made.append(values.reshape(shape).clone().requires_grad_(i == 0 or several))
    return made


def run(lib, name, settings, shapes, training):
    lib.manual_seed(3)
    module = getattr(lib.nn, name)(**settings)
    drawn = [p.clone() for p in module.parameters()]
    module.double().train(training)
    inputs = inputs_of(lib, shapes, several=name.startswith(("Triplet", "Cosine", "Pairwise", "Bilinear")))
    out = module(*[x * 1 for x in inputs])
    out.sum().backward()
    grads = [x.grad for x in [*inputs, *module.parameters()] if x.requires_grad]
    return [repr(module), drawn, out, grads, list(module.state_dict().items()), lib.rand(1)]


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize(("name", "settings", "shapes"), LAYERS, ids=str)
@pytest.mark.filterwarnings("ignore")
def test_like_torchs(name, settings, shapes, training):
    theirs, ours = (outcome(lib, lambda lib: run(lib, name, settings, shapes, training)) for lib in (torch, ad))
    assert not (isinstance(theirs, tuple) and isinstance(theirs[0], type)), theirs
    # First values are float32: the last bit of torch's vectorised draws is its own.
    assert flat(ours[1]) == pytest.approx(flat(theirs[1]), rel=1e-6, abs=1e-7)
    assert ours[0] == theirs[0]
    for mine, its in zip(ours[2:], theirs[2:], strict=True):
        assert flat(mine) == pytest.approx(flat(its), rel=1e-5, abs=1e-6, nan_ok=True)


def flat(value):
    """All numbers in it, and everything else as text."""
    if isinstance(value, (list, tuple)):
        return [x for v in value for x in flat(v)]
    return [value] if isinstance(value, (int, float)) else [hash(value)]


@pytest.mark.parametrize("name", sorted({name for name, _, _ in LAYERS}))
def test_signatures(name):
    ours, theirs = (inspect.signature(getattr(lib.nn, name)).parameters.values() for lib in (ad, torch))
    theirs = [(p.name, p.default) for p in theirs if p.kind is not p.VAR_POSITIONAL and p.kind is not p.VAR_KEYWORD]
    ours = [(p.name, p.default) for p in ours if p.kind is not p.VAR_POSITIONAL and p.kind is not p.VAR_KEYWORD]
    assert ours == theirs


REFUSED = {
    "groups": lambda lib: lib.nn.Conv2d(3, 4, 3, groups=2),
    "groups of what comes out": lambda lib: lib.nn.Conv2d(4, 3, 3, groups=2),
    "no groups": lambda lib: lib.nn.Conv2d(4, 3, 3, groups=0),
    "padding": lambda lib: lib.nn.Conv2d(4, 4, 3, padding="same", stride=2),
    "transposed mode": lambda lib: lib.nn.ConvTranspose2d(4, 4, 3, padding_mode="reflect"),
    "output size": lambda lib: lib.nn.ConvTranspose2d(4, 4, 3)(lib.ones(1, 4, 5, 5), output_size=(20, 20)),
    "hardtanh": lambda lib: lib.nn.Hardtanh(1, 0),
    "unflatten": lambda lib: lib.nn.Unflatten(1, 3),
    "group norm": lambda lib: lib.nn.GroupNorm(3, 4),
    "bilinear": lambda lib: lib.nn.Bilinear(0, 1, 2),
    "margin": lambda lib: lib.nn.TripletMarginWithDistanceLoss(margin=-1),
    **{
        f"{name} in place with a falling slope": lambda lib, name=name, settings=settings: getattr(lib.nn, name)(
            **settings, inplace=True
        )(lib.ones(3, requires_grad=True) * 1).sum().backward()
        for name, settings in [("LeakyReLU", {"negative_slope": -0.5}), ("ELU", {"alpha": -1.0}),
                               ("CELU", {"alpha": -1.0})]
    },
    "batch norm": lambda lib: lib.nn.BatchNorm2d(3)(lib.ones(2, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_torchs_words(name):
    theirs = outcome(torch, REFUSED[name])
    assert outcome(ad, REFUSED[name]) == theirs
    assert issubclass(theirs[0], Exception)


@pytest.mark.parametrize("name", ["Linear", "MSELoss"])
def test_a_wrong_argument_is_a_type_error(name):
    same(lambda lib: getattr(lib.nn, name)(nonsense=3), "nonsense")


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_largest_go_back_to_their_places(n):
    def program(lib):
        x = lib.sin(lib.arange(2 * 4**n, dtype=lib.float64)).reshape(1, 2, *([4] * n))
        largest, places = getattr(lib.nn, f"MaxPool{n}d")(2, return_indices=True)(x)
        back = getattr(lib.nn, f"MaxUnpool{n}d")(2)
        return [repr(back), back(largest, places), back(largest, places, output_size=[5] * n)]

    same(program)


def test_output_size_of_a_transposed_convolution():
    def program(lib):
        lib.manual_seed(0)
        return list(lib.nn.ConvTranspose2d(2, 2, 3, stride=2)(lib.ones(1, 2, 5, 5), output_size=(12, 11)).shape)

    same(program)


def test_rows_that_are_too_long_are_shortened_where_they_stand():
    def program(lib):
        lib.manual_seed(0)
        table = lib.nn.Embedding(4, 2, max_norm=0.5, norm_type=1.0, dtype=lib.float64)
        with lib.no_grad():
            table.weight.copy_(lib.arange(8, dtype=lib.float64).reshape(4, 2) / 8)
        out = table(lib.tensor([1, 1, 3, 0]))
        (out * 3).sum().backward()
        return [out, table.weight.detach(), table.weight.grad, table.weight._version]

    same(program)


def test_embedding():
    def program(lib):
        lib.manual_seed(0)
        table = lib.nn.Embedding(5, 3, padding_idx=1, scale_grad_by_freq=True, dtype=lib.float64)
        with lib.no_grad():
            table.weight.copy_(lib.arange(15, dtype=lib.float64).reshape(5, 3))
        out = table(lib.tensor([[1, 2], [2, 4]]))
        out.sum().backward()
        frozen = lib.nn.Embedding.from_pretrained(lib.ones(2, 3))
        return [out, table.weight.grad, repr(table), repr(frozen), frozen.weight.requires_grad]

    same(program)
