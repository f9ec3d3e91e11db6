"""The largest of each window, and back to its place."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, op, option

_WINDOWS = [option(name, "beforehand") for name in ("stride", "padding", "dilation", "ceil_mode")]
_PLACES = choice("return_indices", False, True)
_NOTE = "of equal ones the first counts, of nans the last"

# fmt: off
ROWS = [
    *(
        op(f"{space}max_pool{n}d", argument("input", "images", dims=n, distinct=True),
           argument("kernel_size", "window", dims=n, dilates=True), *_WINDOWS, *([_PLACES] if space else []),
           tags="exact ties", dtypes="hf" if n == 1 else "uihf", spellings="function", note=_NOTE)
        for n in (1, 2, 3) for space in ("", "nn.functional.")
    ),
    *(
        op(f"{space}max_pool{n}d_with_indices", argument("input", "images", dims=n, distinct=True),
           argument("kernel_size", "window", dims=n, dilates=True), *_WINDOWS, tags="exact ties", dtypes="f",
           spellings="function", note=_NOTE)
        for n in (1, 2, 3) for space in ("", "nn.functional.") if n == 1 or space
    ),
    *(
        op(f"{space}adaptive_max_pool{n}d{suffix}", argument("input", "images", dims=n, distinct=True),
           argument("output_size", "parts", dims=n), *([_PLACES] if space and not suffix else []), tags="exact ties",
           dtypes="hf", spellings="function", note=_NOTE)
        for n in (1, 2, 3) for space in ("", "nn.functional.") for suffix in ("", "_with_indices")
        if space or (n == 1 and not suffix)
    ),
    *(
        op(f"nn.functional.max_unpool{n}d", argument("input", "images", dims=n),
           argument("indices", "unpooled", dims=n), argument("kernel_size", "beforehand"),
           option("stride", "beforehand"), option("output_size", "beforehand"), tags="exact", dtypes="hf",
           spellings="function", note="no place comes twice: which of two would stay is not promised")
        for n in (1, 2, 3)
    ),
]
