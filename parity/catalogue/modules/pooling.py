"""Layers that pool, and those that put back."""

from __future__ import annotations

from typing import Any

from parity.catalogue.modules.spec import ModuleSpec, module, needed, of

_SPACE = ("L", "H W", "D H W")
_LARGE = {"L": (5, 8), "D": (4, 5), "H": (5, 7), "W": (5, 7)}
_CEIL = of(True)


def _shape(n: int) -> str:
    return f"N? C {_SPACE[n - 1]}"


def _average(n: int) -> ModuleSpec:
    more: dict[str, Any] = {"divisor_override": of(3)} if n > 1 else {}
    return module(
        f"AvgPool{n}d", _shape(n), kernel_size=needed(2, 3, (3, 2, 2)[:n]), stride=of(1, 2), padding=of(1),
        ceil_mode=_CEIL, count_include_pad=of(False), ranges=_LARGE, **more,
    )  # fmt: skip


# fmt: off
ROWS = [
    *(module(f"MaxPool{n}d", _shape(n), kernel_size=needed(2, 3, (3, 2, 2)[:n]), stride=of(1, 2), padding=of(1),
             dilation=of(2), return_indices=of(True), ceil_mode=_CEIL, ranges=_LARGE) for n in (1, 2, 3)),
    *map(_average, (1, 2, 3)),
    *(module(f"LPPool{n}d", f"{_shape(n)}: positive", norm_type=needed(2.0, 1.0, 3.0), kernel_size=needed(2, 3),
             stride=of(1, 2), ceil_mode=_CEIL, ranges=_LARGE) for n in (1, 2, 3)),
    *(module(f"AdaptiveAvgPool{n}d", _shape(n), output_size=needed(2, 1, (3, None, 2)[:n] if n > 1 else 3),
             ranges=_LARGE) for n in (1, 2, 3)),
    *(module(f"AdaptiveMaxPool{n}d", _shape(n), output_size=needed(2, 1, (3, None, 2)[:n] if n > 1 else 3),
             return_indices=of(True), ranges=_LARGE) for n in (1, 2, 3)),
    *(module(f"FractionalMaxPool{n}d", _shape(n), kernel_size=needed(2, 1, (1, 2, 2)[:n]),
             output_size=of(2, (1, 3, 2)[:n]), output_ratio=of(0.5, (0.3, 0.7, 0.5)[:n]), return_indices=of(True),
             ranges=_LARGE, fits=lambda s: ("output_size" in s) != ("output_ratio" in s)) for n in (2, 3)),
    # One place in each window, so that no two values go to one place.
    *(module(f"MaxUnpool{n}d", " ".join(["N", "C", *["1"] * n]), " ".join(["N", "C", *["1"] * n]) + ": classes below K",
             kernel_size=needed(2, 3), stride=of(2), ranges={"K": (1, 4)},
             fits=lambda s: s["kernel_size"] == 2 or "stride" not in s) for n in (1, 2, 3)),
]
