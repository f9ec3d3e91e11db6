"""The largest of windows at random places."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, op, option

# fmt: off
ROWS = [
    op(f"nn.functional.fractional_max_pool{n}d{suffix}", argument("input", "images", dims=n, distinct=True),
       argument("kernel_size", "fractional", dims=n), option("output_size", "beforehand"),
       option("_random_samples", "beforehand"), *([] if suffix else [choice("return_indices", False, True)]),
       tags="ties", dtypes="f", spellings="function", note="of equal ones the first counts, of nans the last")
    for n in (2, 3) for suffix in ("", "_with_indices")
]
