"""The loss of a text that may be aligned with frames in many ways; torch differentiates it once."""

from __future__ import annotations

from autodiff._core.kinds import general, unimplemented
from autodiff._core.registry import ops
from autodiff._kernels import ctc

# torch saves the targets and the losses too, though the one is read from `rows` and the other computed anew.
general(
    "ctc_loss",
    lambda log_probs, targets, rows, frames, lengths, blank, zero_infinity: ctc.ctc_loss(
        log_probs, rows, frames, lengths, blank
    ),
    lambda g, log_probs, targets, out, rows, frames, lengths, blank, zero_infinity: ops.ctc_back(
        g, log_probs, targets=rows, frames=frames, lengths=lengths, blank=blank, zero_infinity=zero_infinity
    ),
    None,
    inputs=("log_probs", "targets"),
)
unimplemented("ctc_back", ctc.ctc_back, operator="_ctc_loss_backward", inputs="grad log_probs")
