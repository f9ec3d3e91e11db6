"""Distances and similarities."""

from __future__ import annotations

import math

from parity.catalogue.arguments import argument, choice, dim, op, real

_POWER = choice("p", 2.0, 1.0, 0.0, 3.0, 1.5, math.inf)
_MODE = choice("compute_mode", "use_mm_for_euclid_dist_if_necessary", "donot_use_mm_for_euclid_dist",
               "use_mm_for_euclid_dist")  # fmt: skip
_NAMES = ("", "nn.functional.")

# fmt: off
ROWS = [
    op("cdist", real("x1", min_ndim=2, max_ndim=3), argument("x2", "other_rows"), _POWER, _MODE, tags="exact",
       dtypes="f", orders=1, spellings="function", note="the gradient at a distance of 0 is 0"),
    *(
        op(f"{space}pdist", argument("input", "some_points"), _POWER, tags="exact", dtypes="f", orders=1,
           spellings="function", note="the gradient at a distance of 0 is 0; torch's backward crashes without rows")
        for space in _NAMES
    ),
    *(
        op(f"{space}pairwise_distance", real("x1", min_ndim=1), argument("x2", "same_shape", another=True), _POWER,
           choice("eps", 1e-6, 1e-3), choice("keepdim", False, True), spellings="function")
        for space in _NAMES
    ),
    *(
        op(f"{space}cosine_similarity", real("x1", min_ndim=1), argument("x2", "same_shape", another=True), dim(),
           spellings="function", stress=((1e-3, 2e-3), (1e3, 1e4)),
           note="a norm below eps counts as eps, its gradient as if it did not")
        for space in _NAMES
    ),
]
