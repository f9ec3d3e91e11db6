"""Complex numbers taken apart and put together."""

from __future__ import annotations

from parity.catalogue.arguments import beside, op, real

_ALL = "buihfc"

# fmt: off
ROWS = [
    op("conj_physical", real("input"), tags="exact rounded", dtypes=_ALL, spellings="function method inplace"),
    *(
        op(name, real("input"), tags="exact rounded", dtypes=dtypes)
        for name, dtypes in (("resolve_conj", _ALL), ("resolve_neg", _ALL), ("positive", "uihfc"))
    ),
    # torch's derivative of view_as_real raises for a gradient without elements, whose strides may be any
    *(
        op(name, real("input", sized=True), tags="exact rounded view", dtypes=dtypes, spellings="function")
        for name, dtypes in (("real", _ALL), ("imag", "c"), ("view_as_real", "c"))
    ),
    op("view_as_complex", real("input", pairs=True, sized=True), tags="exact rounded view", dtypes="f",
       spellings="function"),
    op("complex", real("real"), beside("imag", matching=True), tags="exact rounded", dtypes="f",
       spellings="function out"),
    op("polar", real("abs", above=0), beside("angle", matching=True), dtypes="f", spellings="function out",
       note="the derivative by a size of 0 is 0"),
    op("angle", real("input", nonzero=True), dtypes=_ALL, spellings="function method out"),
]
