"""Forward lines of truth values and bits."""

from __future__ import annotations

from parity.truth.balls import nonzero
from parity.truth.table import line

line("logical_not", lambda input: ~nonzero(input))
line("logical_and", lambda input, other: nonzero(input) & nonzero(other))
line("logical_or", lambda input, other: nonzero(input) | nonzero(other))
line("logical_xor", lambda input, other: nonzero(input) ^ nonzero(other))
