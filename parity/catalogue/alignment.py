"""The loss of texts that may be aligned with frames in many ways."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, op, option

# fmt: off
ROWS = [
    op("nn.functional.ctc_loss", argument("log_probs", "frames", below=0), argument("targets", "beforehand"),
       argument("input_lengths", "beforehand"), argument("target_lengths", "beforehand"),
       choice("reduction", "sum", "none", "mean"), option("zero_infinity", "beforehand", needed=True), orders=1,
       dtypes="f", spellings="function",
       note="the gradient is that by scores whose log_softmax the log-probabilities are; a text with the blank itself "
       "has none that is promised"),
]
