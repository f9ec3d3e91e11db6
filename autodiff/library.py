"""Operators of one's own, by the same rows that the engine's are made of.

    from autodiff import library, ops

    library.pointwise("softabs", lambda x: np.sqrt(x * x + 1), lambda input, out: input / out)
    library.register()          # ad.softabs(x), x.softabs(), x.softabs_()

`docs/adding-an-operator.md` says what a formula may name and how each kind derives the rest.
"""

from __future__ import annotations

import sys

from autodiff._core.function import function
from autodiff._core.kinds import bilinear, discrete, general, linear, pointwise, reduction
from autodiff._core.registry import ops
from autodiff._surface import methods, namespaces

__all__ = ["bilinear", "discrete", "function", "general", "linear", "ops", "pointwise", "reduction", "register"]


def register() -> None:
    """Put what was added to the registry since import on the public surfaces: root functions and methods."""
    methods.attach()
    root = sys.modules["autodiff"]
    for name, public in namespaces.names("").items():
        if not hasattr(root, name):
            setattr(root, name, public)
