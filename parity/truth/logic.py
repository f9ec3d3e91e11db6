"""Forward lines of truth values and bits."""

from __future__ import annotations

import numpy as np

from parity.truth.balls import nonzero
from parity.truth.table import line

line("logical_not", lambda input: ~nonzero(input))
line("logical_and", lambda input, other: nonzero(input) & nonzero(other))
line("logical_or", lambda input, other: nonzero(input) | nonzero(other))
line("logical_xor", lambda input, other: nonzero(input) ^ nonzero(other))
line("bitwise_not", lambda input: ~input)
line("bitwise_and", lambda input, other: input & other)
line("bitwise_or", lambda input, other: input | other)
line("bitwise_xor", lambda input, other: input ^ other)
line("bitwise_left_shift", np.left_shift)
line("bitwise_right_shift", np.right_shift)
