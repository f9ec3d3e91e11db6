"""The forward line of a text's loss over all its alignments."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb
from parity.truth.table import NoTruth, forward


@forward("nn.functional.ctc_loss", conventional=True)
def _(log_probs: Array, targets: Array, input_lengths: Any, target_lengths: Any, blank: int = 0,
      reduction: str = "mean", zero_infinity: bool = False, *,
      unmoved: Mapping[str, Any]) -> Array:  # fmt: skip
    # torch's gradient is that by scores whose log_softmax these are: the probabilities' own slope comes to it.
    frames, samples, classes = log_probs.shape
    if classes**frames > 4096:
        raise NoTruth("too many alignments")
    losses = []
    for i in range(samples):
        text = [int(c) for c in targets[i, : target_lengths[i]]]
        total = arb(0)
        for path in itertools.product(range(classes), repeat=input_lengths[i]):
            letters = [c for c, _ in itertools.groupby(path) if c != blank]
            if letters == text:
                total += sum((log_probs[t, i, c] for t, c in enumerate(path)), start=arb(0)).exp()
        if total == 0:
            raise NoTruth("a text that has no alignment")
        slope = sum(
            (log_probs[t, i, c].exp() - unmoved["log_probs"][t, i, c].exp())
            for t in range(input_lengths[i])
            for c in range(classes)
        )
        losses.append(slope - total.log())
    found = np.array(losses, dtype=object)
    if reduction == "mean":
        return np.asarray(sum(x / max(n, 1) for x, n in zip(found, target_lengths)) / samples, dtype=object)
    return found if reduction == "none" else np.asarray(sum(found), dtype=object)
