"""Convolutions, and what goes back the other way."""

from __future__ import annotations

from typing import Any

from parity.catalogue.modules.spec import ModuleSpec, Needed, module, needed, of

_SPACE = ("L", "H W", "D H W")
_LARGE = {"L": (5, 8), "D": (4, 5), "H": (5, 7), "W": (5, 7)}
_CHANNELS: dict[str, Any] = {"in_channels": needed(2, 4), "out_channels": needed(2, 4)}


def _each(n: int, *values: int) -> tuple[int, ...]:
    """A number for each of n dimensions."""
    return values[:n]


def _kernel(n: int) -> Needed:
    return needed(2, 1, 3, _each(n, 3, 2, 1))


def _conv(n: int) -> ModuleSpec:
    return module(
        f"Conv{n}d",
        f"N? in_channels {_SPACE[n - 1]}",
        **_CHANNELS,
        kernel_size=_kernel(n),
        stride=of(2, _each(n, 2, 1, 2)),
        padding=of(1, "same", "valid", _each(n, 1, 0, 1)),
        dilation=of(2, _each(n, 1, 2, 1)),
        groups=of(2),
        bias=of(False),
        padding_mode=of("reflect", "replicate", "circular", "zeros"),
        ranges=_LARGE,
        fits=lambda s: s.get("padding") != "same" or "stride" not in s,
    )


def _back(n: int) -> ModuleSpec:
    return module(
        f"ConvTranspose{n}d",
        f"N? in_channels {_SPACE[n - 1]}",
        **_CHANNELS,
        kernel_size=_kernel(n),
        stride=of(2, _each(n, 2, 3, 2)),
        padding=of(1, _each(n, 1, 0, 1)),
        output_padding=of(1),
        groups=of(2),
        bias=of(False),
        dilation=of(2),
        fits=lambda s: "output_padding" not in s or "stride" in s or "dilation" in s,
    )


ROWS = [made(n) for made in (_conv, _back) for n in (1, 2, 3)]
