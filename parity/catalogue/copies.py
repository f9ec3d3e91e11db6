"""Views whose elements are copied."""

from __future__ import annotations

from parity.catalogue.arguments import argument, dim, op, option, real

SHIFT = {"low": -3, "high": 3}

#: Of several results, whose `out=` is a tuple of tensors.
_SEVERAL = ("split_copy", "split_with_sizes_copy", "unbind_copy")

# fmt: off
ROWS = [
    *(
        op(name, *arguments, tags="exact", dtypes="buihfc",
           spellings="function" if name in _SEVERAL else "function out")
        for name, *arguments in (
            ("alias_copy", real("input")),
            ("as_strided_copy", real("input", contiguous=True, settled=True), argument("size", "strided")),
            ("expand_copy", real("input", max_ndim=3), argument("size", "expansion")),
            ("permute_copy", real("input"), argument("dims", "permutation")),
            ("select_copy", real("input", min_ndim=1), dim(), argument("index", "place")),
            ("slice_copy", real("input", min_ndim=1), dim(), option("start", "integer", **SHIFT),
             option("end", "integer", **SHIFT), option("step", "integer", low=1, high=3)),
            ("squeeze_copy", real("input"), option("dim", "dim", tuples=True)),
            ("t_copy", real("input", max_ndim=2)),
            ("transpose_copy", real("input"), argument("dim0", "dim"), argument("dim1", "dim")),
            ("unfold_copy", real("input"), dim("dimension"), argument("size", "integer", low=0, high=3),
             argument("step", "integer", low=1, high=3)),
            ("unsqueeze_copy", real("input", max_ndim=4), argument("dim", "gap")),
            ("split_copy", real("input", min_ndim=1), argument("split_size", "integer", low=1, high=4), dim()),
            ("split_with_sizes_copy", real("input", min_ndim=1), argument("split_sizes", "sections", listed=True),
             dim(last=True)),
            ("unbind_copy", real("input", min_ndim=1), dim()),
            ("view_copy", real("input", settled=True), argument("size", "reshape")),
        )
    ),
    op("detach_copy", real("input", constant=True), tags="exact", dtypes="buihfc", orders=0, spellings="function",
       note="torch has no derivative of it: who wants none says detach().clone()"),
    op("view_as_complex_copy", real("input", pairs=True, sized=True, constant=True), tags="exact rounded", dtypes="f",
       orders=0, spellings="function out", note="torch has no derivative of it, and refuses what requires grad"),
    op("view_as_real_copy", real("input", sized=True), tags="exact", dtypes="c", spellings="function out"),
]
