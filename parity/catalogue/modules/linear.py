"""Products with weights, and tables of vectors."""

from __future__ import annotations

from parity.catalogue.modules.spec import module, needed, of

_NO = of(False)

# fmt: off
ROWS = [
    module("Identity", "N C"),
    module("Linear", "N? L in_features", in_features=needed(3, 1, 5), out_features=needed(2, 1, 4), bias=_NO),
    module("Bilinear", "N in1_features", "N in2_features", in1_features=needed(2, 3), in2_features=needed(2, 4),
           out_features=needed(3, 1), bias=_NO),
    module("Embedding", "N L: classes below num_embeddings", num_embeddings=needed(5, 3), embedding_dim=needed(2, 4),
           padding_idx=of(0, -1), max_norm=of(0.5), norm_type=of(1.0), scale_grad_by_freq=of(True)),
    module("EmbeddingBag", "N L: classes below num_embeddings", num_embeddings=needed(5, 3), embedding_dim=needed(2, 4),
           # Without scale_grad_by_freq: torch divides by the count of another class than the row's.
           max_norm=of(0.5), norm_type=of(1.0), mode=of("sum", "max"), padding_idx=of(0, -1)),
    module("AdaptiveLogSoftmaxWithLoss", "N in_features", "N: classes below n_classes", in_features=needed(8, 5),
           n_classes=needed(6, 9), cutoffs=needed([2], [1, 3], [2, 3, 5]), div_value=of(2.0, 1.5), head_bias=of(True)),
]
