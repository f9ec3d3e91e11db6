"""Truth values and bits, element by element: no derivative."""

from __future__ import annotations

import operator

import numpy as np

from autodiff._core.kinds import discrete

discrete("logical_not", np.logical_not, 1)
discrete("logical_and", np.logical_and, numbers="neither")
discrete("logical_or", np.logical_or, numbers="neither")
discrete("logical_xor", np.logical_xor, numbers="neither")
discrete("bitwise_not", np.invert, 1, refuses="fc", spellings="inplace out same")
discrete("bitwise_and", operator.and_, refuses="fc")
discrete("bitwise_or", operator.or_, refuses="fc")
discrete("bitwise_xor", operator.xor, refuses="fc")
discrete("bitwise_left_shift", np.left_shift, refuses="bfc")
discrete("bitwise_right_shift", np.right_shift, refuses="bfc")
