"""Windows as columns and back, and channels exchanged with places."""

from __future__ import annotations

from parity.catalogue.arguments import argument, op, option, real

_WINDOWS = [option(name, "beforehand") for name in ("dilation", "padding", "stride")]

# fmt: off
ROWS = [
    op("nn.functional.unfold", argument("input", "images", dims=2), argument("kernel_size", "columns"), *_WINDOWS,
       tags="exact", dtypes="hf", spellings="function"),
    op("nn.functional.fold", argument("input", "folded"), argument("output_size", "beforehand"),
       argument("kernel_size", "beforehand"), *_WINDOWS, tags="exact", dtypes="hf", spellings="function"),
    *(
        op(f"{space}{name}", real("input", min_ndim=3, sized=True),
           argument(f"{way}scale_factor", "times_as_high", channels=way == "up"), tags="exact", dtypes="buihfc",
           spellings="function")
        for name, way in (("pixel_shuffle", "up"), ("pixel_unshuffle", "down")) for space in ("", "nn.functional.")
    ),
    *(
        op(f"{space}channel_shuffle", real("input", min_ndim=3, sized=True), argument("groups", "channel_groups"),
           tags="exact", dtypes="buihf", spellings="function")
        for space in ("", "nn.functional.")
    ),
]
