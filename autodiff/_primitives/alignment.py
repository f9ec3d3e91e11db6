"""The loss of a text that may be aligned with frames in many ways; torch differentiates it once."""

from __future__ import annotations

from typing import Any

from autodiff._core.kinds import general
from autodiff._core.registry import ops
from autodiff._kernels import ctc


def _no_second(g: Any) -> Any:
    raise RuntimeError("derivative for aten::_ctc_loss_backward is not implemented")


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
general(
    "ctc_back",
    ctc.ctc_back,
    _no_second,
    _no_second,
    inputs=("grad", "log_probs"),
    node="torch::autograd::NotImplemented",
)
