"""Forward lines of complex numbers taken apart and put together."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import acb, arb, balls, elementwise, is_complex, is_discrete, less
from parity.truth.scalar import real
from parity.truth.table import forward, line

_conjugates = elementwise(lambda x: x.conjugate(), 1)
_reals = elementwise(lambda x: x.real, 1)
_imaginaries = elementwise(lambda x: x.imag, 1)
_pairs = elementwise(acb, 2)

line("conj conj_physical", lambda input: _conjugates(input) if is_complex(input) else input)
line("resolve_conj resolve_neg", lambda input: input)
line("complex", lambda real, imag: _pairs(balls(real), balls(imag)))
_polar = real(lambda size, angle: acb(size * angle.cos(), size * angle.sin()), 2)
line("polar", lambda abs, angle: _polar(abs, angle))


@forward("real", parts=True)
def _(input: Array) -> Array:
    return _reals(input) if is_complex(input) else input


@forward("imag", parts=True)
def _(input: Array) -> Array:
    return _imaginaries(input)


@forward("view_as_real", parts=True)
def _(input: Array) -> Array:
    return np.stack([_reals(input), _imaginaries(input)], axis=-1)


@forward("view_as_complex", parts=True)
def _(input: Array) -> Array:
    return _pairs(input[..., 0], input[..., 1])


def _angle(x: Any) -> Any:
    if isinstance(x, acb):
        return x.arg()
    return arb.pi() if less(x, arb(0)) else arb(0)


_angles = real(_angle, 1)
line("angle", lambda input: _angles(np.asarray(input).astype(np.int64) if is_discrete(input) else input))
