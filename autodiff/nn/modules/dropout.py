"""Dropout as modules: in training alone, and with torch's draws."""

from __future__ import annotations

from typing import Any

from autodiff.nn.modules.layer import Training, layer


class _Dropout(Training):
    """Raises ValueError for a probability outside of [0, 1]."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not 0 <= self.p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {self.p}")


Dropout = layer("Dropout", "dropout", "p inplace", base=_Dropout)
Dropout1d = layer("Dropout1d", "dropout1d", "p inplace", base=_Dropout)
Dropout2d = layer("Dropout2d", "dropout2d", "p inplace", base=_Dropout)
Dropout3d = layer("Dropout3d", "dropout3d", "p inplace", base=_Dropout)
AlphaDropout = layer("AlphaDropout", "alpha_dropout", "p inplace", base=_Dropout)
FeatureAlphaDropout = layer("FeatureAlphaDropout", "feature_alpha_dropout", "p inplace", base=_Dropout)
