"""Normalisations of channels, which are dimension 1."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, op, option, real

_INPUT = real("input", min_ndim=2, sized=True, distinct=True)
_MEAN = argument("running_mean", "moments", own="training")
_INSTANCES = argument("running_mean", "moments", own="use_input_stats", of_samples=True)
_VARIANCE = argument("running_var", "beforehand")
_WEIGHTS = [argument(name, "channel_vector") for name in ("weight", "bias")]
_EPS = choice("eps", 1e-5, 1e-3)
_STRESS = ((1e3, 1.01e3), (-1e-3, 1e-3))
_REST = [argument("momentum", "choice", values=(0.1,)), argument("eps", "choice", values=(1e-5, 1e-3)),
         argument("cudnn_enabled", "choice", values=(True, False))]  # fmt: skip
_NOTE = "running statistics are written over in training, and so given in evaluation only: tests/ops/test_channels.py"

# fmt: off
ROWS = [
    op("nn.functional.batch_norm", _INPUT, _MEAN, _VARIANCE, *_WEIGHTS, option("training", "beforehand", needed=True),
       _EPS, stress=_STRESS, spellings="function", note=_NOTE),
    op("batch_norm", _INPUT, *_WEIGHTS, _MEAN, _VARIANCE, argument("training", "beforehand"), *_REST,
       spellings="function", note=_NOTE),
    op("nn.functional.instance_norm", _INPUT, _INSTANCES, _VARIANCE, *_WEIGHTS,
       option("use_input_stats", "beforehand", needed=True), _EPS, stress=_STRESS, spellings="function", note=_NOTE),
    op("instance_norm", _INPUT, *_WEIGHTS, _INSTANCES, _VARIANCE, argument("use_input_stats", "beforehand"), *_REST,
       spellings="function", note=_NOTE),
    *(
        op(name, _INPUT, argument("num_groups", "groups"), *_WEIGHTS, _EPS, stress=_STRESS, spellings="function")
        for name in ("group_norm", "nn.functional.group_norm")
    ),
    op("nn.functional.local_response_norm", real("input", min_ndim=3, sized=True),
       argument("size", "choice", values=(2, 1, 3, 4)), choice("alpha", 1e-4, 0.5), choice("beta", 0.75, 2.0),
       choice("k", 1.0, 2.0), dtypes="f", spellings="function"),
]
