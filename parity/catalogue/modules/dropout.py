"""Layers that draw."""

from __future__ import annotations

from parity.catalogue.modules.spec import module, of

# fmt: off
ROWS = [
    *(module(name, shape, p=of(0.3, 0.0, 1.0), inplace=of(True)) for name, shape in (
        ("Dropout", "N C H"), ("Dropout1d", "N? C L"), ("Dropout2d", "N C H W"), ("Dropout3d", "N? C D H W"),
        ("AlphaDropout", "N C H"), ("FeatureAlphaDropout", "N C H W"),
    )),
]
