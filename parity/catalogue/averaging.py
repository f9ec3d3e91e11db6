"""Means and norms of windows."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, op, option

_WINDOWS = [option(name, "beforehand") for name in ("stride", "padding", "ceil_mode")]

# fmt: off
ROWS = [
    *(
        op(f"{space}avg_pool{n}d", argument("input", "images", dims=n), argument("kernel_size", "window", dims=n),
           *_WINDOWS, choice("count_include_pad", True, False),
           *([choice("divisor_override", None, 3, 1, -2)] if n > 1 else []), dtypes="f" if n == 3 else "hf",
           spellings="function")
        for n in (1, 2, 3) for space in ("", "nn.functional.") if n == 1 or space
    ),
    *(
        op(f"{space}adaptive_avg_pool{n}d", argument("input", "images", dims=n),
           argument("output_size", "parts", dims=n), dtypes="hf", spellings="function")
        for n in (1, 2, 3) for space in ("", "nn.functional.") if n == 1 or space
    ),
    *(
        op(f"nn.functional.lp_pool{n}d", argument("input", "images", dims=n, above=0),
           argument("norm_type", "choice", values=(2.0, 1.0, 3.0)),
           argument("kernel_size", "window", dims=n, unpadded=True, one=n == 1), _WINDOWS[0], _WINDOWS[2], dtypes="f",
           spellings="function")
        for n in (1, 2, 3)
    ),
]
