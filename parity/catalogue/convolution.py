"""Convolutions."""

from __future__ import annotations

from parity.catalogue.arguments import argument, op, option

_TAME = {"above": -50, "below": 50}
#: What the weights settle.
_WITH_KERNEL = [option(name, "beforehand") for name in ("stride", "padding", "dilation", "groups")]
_TRANSPOSED = [*_WITH_KERNEL[:2], option("output_padding", "beforehand"), *_WITH_KERNEL[:1:-1]]
_NO_HALF = (
    "not drawn in float16, whose kernels crash in torch 2.13 (grouped ones, for one): those are held against torch in "
    "tests/ops/test_convolution.py"
)

# fmt: off
ROWS = [
    *(
        op(f"{space}conv{n}d", argument("input", "images", dims=n, **_TAME),
           argument("weight", "kernels", dims=n, **_TAME), option("bias", "channel_bias", needed=True), *_WITH_KERNEL,
           tags="exact", dtypes="uifc" if n == 2 else "ifc", spellings="function", note=_NO_HALF)
        for n in (1, 2, 3) for space in ("", "nn.functional.")
    ),
    *(
        op(f"{space}conv_transpose{n}d", argument("input", "images", dims=n, **_TAME),
           argument("weight", "kernels", dims=n, transposed=True, **_TAME),
           option("bias", "channel_bias", needed=True), *_TRANSPOSED, tags="exact", dtypes="fc",
           spellings="function", note=_NO_HALF)
        for n in (1, 2, 3) for space in ("", "nn.functional.")
    ),
    op("convolution", argument("input", "images", dims=2, batched=True, **_TAME),
       argument("weight", "kernels", **_TAME),
       argument("bias", "channel_bias"),
       *(argument(name, "beforehand")
         for name in ("stride", "padding", "dilation", "transposed", "output_padding", "groups")),
       tags="exact", dtypes="if", spellings="function", note=f"{_NO_HALF}; nor of complex numbers, which it refuses"),
]
