"""Sums of a tensor and a product of matrices or vectors, each times a number."""

from __future__ import annotations

from parity.catalogue.arguments import argument, op, option, real
from parity.catalogue.spec import OpSpec

_TAME = {"above": -50, "below": 50}
_WRITING = "function method inplace out"


def _plus(
    name: str, first: str, second: str, ndims: tuple[int, int], dtypes: str = "uihfc", spellings: str = _WRITING
) -> OpSpec:
    return op(
        name,
        argument("input", "addend", late=True),
        real(first, ndim=ndims[0], **_TAME),
        argument(second, "factor", ndim=ndims[1], **_TAME),
        option("beta"),
        option("alpha"),
        tags="exact",
        dtypes=dtypes,
        spellings=spellings,
        note="with beta 0 the input's nan and inf do not count",
    )


ROWS = [
    _plus("addmm", "mat1", "mat2", (2, 2)),
    _plus("addmv", "mat", "vec", (2, 1)),
    _plus("baddbmm", "batch1", "batch2", (3, 3)),
    # In place torch also resizes what is written to, by its deprecated rule for out=.
    _plus("addbmm", "batch1", "batch2", (3, 3), spellings="function method out"),
    _plus("addr", "vec1", "vec2", (1, 1), "buihfc"),
]
