"""Random tensors: drawn from a seeded stream, whose bits an engine promises that follows torch's."""

from __future__ import annotations

from parity.catalogue.arguments import argument, beside, choice, number, op, option, real

_DTYPE = option("dtype", "dtype", floating=True)
_SIZE = argument("size", "size")
_HIGH = number("high", 1, 10, integer=True)
_LIKELY = real("input", above=0, below=1)
_P = choice("p", 0.0, 0.25, 0.5, 0.75, 1.0)
_TRAINING = choice("training", True, True, False)

# fmt: off
ROWS = [
    op("rand", _SIZE, _DTYPE, tags="stream discrete", dtypes="f", orders=0, spellings="function"),
    op("randn", _SIZE, _DTYPE, tags="stream", dtypes="f", orders=0, spellings="function"),
    op("randint", _HIGH, _SIZE, tags="stream discrete", dtypes="i", orders=0, spellings="function"),
    op("randperm", argument("n", "length"), tags="stream discrete", dtypes="i", orders=0, spellings="function"),
    op("rand_like", real("input"), tags="stream discrete", dtypes="hfc", orders=0, spellings="function"),
    op("randn_like", real("input"), tags="stream", dtypes="hfc", orders=0, spellings="function"),
    op("randint_like", real("input"), _HIGH, tags="stream discrete", dtypes="uihf", orders=0, spellings="function"),
    op("normal", real("mean"), beside("std", above=0), tags="stream", orders=1, spellings="function"),
    op("bernoulli", _LIKELY, tags="stream discrete", orders=1),
    op("poisson", real("input", above=0, below=20), stress=((10.0, 60.0), (200.0, 1e4)), tags="stream discrete",
       orders=1, spellings="function"),
    op("multinomial", real("input", above=0, min_ndim=1, max_ndim=2), number("num_samples", 1, 3, integer=True),
       choice("replacement", True, False), tags="stream discrete", orders=0),
    op("nn.functional.dropout", real("input"), _P, _TRAINING, tags="stream", spellings="function"),
    op("nn.functional.alpha_dropout", real("input"), _P, _TRAINING, tags="stream", spellings="function"),
    op("nn.functional.feature_alpha_dropout", real("input", min_ndim=2), _P, _TRAINING, tags="stream",
       spellings="function"),
    op("nn.functional.dropout1d", real("input", min_ndim=2, max_ndim=3), _P, _TRAINING, tags="stream",
       spellings="function"),
    op("nn.functional.dropout2d", real("input", ndim=4), _P, _TRAINING, tags="stream", spellings="function"),
    op("nn.functional.dropout3d", real("input", ndim=4), _P, _TRAINING, tags="stream", spellings="function"),
    op("nn.functional.gumbel_softmax", real("logits", min_ndim=1), choice("tau", 1.0, 0.5),
       choice("hard", False, True), tags="stream", spellings="function"),
]
