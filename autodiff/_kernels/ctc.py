"""Connectionist temporal classification: the probability of a text, over all ways to align it with the frames.

Forward and backward sums over the text with blanks around its letters (Graves et al., 2006), all samples at once.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Lengths = tuple[int, ...]


def _extended(targets: Any, lengths: Lengths, blank: int) -> tuple[Any, Any]:
    """Letters with blanks around them, as many as the longest text has, and which may be reached past a blank."""
    widest = max(lengths, default=0)
    states = np.full((len(lengths), 2 * widest + 1), blank, np.int64)
    for i, (row, n) in enumerate(zip(targets, lengths)):
        states[i, 1 : 2 * n : 2] = row[:n]
    skips = np.zeros(states.shape, bool)
    skips[:, 2:] = states[:, 2:] != states[:, :-2]
    return states, skips


def _sum(*logs: Any) -> Any:
    top = np.maximum.reduce(logs)
    finite = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):
        return finite + np.log(sum(np.exp(x - finite) for x in logs))


def _shifted(x: Any, by: int) -> Any:
    out = np.full(x.shape, -math.inf, x.dtype)
    out[:, by:] = x[:, : x.shape[1] - by]
    return out


def _alphas(emitted: Any, skips: Any) -> Any:
    """Log-probabilities of all ways to each place, frame by frame; those past a text's own end are nobody's."""
    out = np.full(emitted.shape, -math.inf, emitted.dtype)
    if not len(emitted):
        return out
    first = np.arange(emitted.shape[2]) < 2
    out[0] = np.where(first, emitted[0], -math.inf)
    for t in range(1, len(emitted)):
        before = out[t - 1]
        two = np.where(skips, _shifted(before, 2), -math.inf)
        out[t] = _sum(before, _shifted(before, 1), two) + emitted[t]
    return out


def _ends(alphas: Any, frames: Lengths, lengths: Lengths) -> Any:
    """The log-probability of each text."""
    out = np.empty(len(frames), alphas.dtype)
    for i, (t, n) in enumerate(zip(frames, lengths)):
        if t == 0:
            out[i] = 0 if n == 0 else -math.inf
            continue
        last = alphas[t - 1, i]
        out[i] = _sum(last[2 * n], last[2 * n - 1]) if n else last[0]
    return out


def _emitted(log_probs: Any, states: Any) -> Any:
    return np.take_along_axis(log_probs, np.broadcast_to(states, (len(log_probs), *states.shape)), 2)


def ctc_loss(log_probs: Any, targets: Any, frames: Lengths, lengths: Lengths, blank: int) -> Any:
    """Minus the logarithm of each text's probability; log_probs are (frames, samples, classes)."""
    states, skips = _extended(targets, lengths, blank)
    return -_ends(_alphas(_emitted(log_probs, states), skips), frames, lengths)


def ctc_back(
    g: Any, log_probs: Any, targets: Any, frames: Lengths, lengths: Lengths, blank: int, zero_infinity: bool
) -> Any:
    """The gradient by scores whose log_softmax log_probs are, as torch's: probability minus share of the ways."""
    states, skips = _extended(targets, lengths, blank)
    emitted = _emitted(log_probs, states)
    alphas = _alphas(emitted, skips)
    losses = -_ends(alphas, frames, lengths)
    out = np.zeros(log_probs.shape, log_probs.dtype)
    for i, (t, n) in enumerate(zip(frames, lengths)):
        if t == 0 or (zero_infinity and losses[i] == math.inf):
            continue
        places = slice(0, 2 * n + 1)
        # Backwards the same text stands the other way round.
        turned = emitted[:t, i : i + 1, places][::-1, :, ::-1]
        row = states[i, places][::-1]
        skip = np.zeros((1, len(row)), bool)
        skip[0, 2:] = row[2:] != row[:-2]
        betas = _alphas(turned, skip)[::-1, 0, ::-1]
        ways = alphas[:t, i, places] + betas
        shares = np.full((t, log_probs.shape[2]), -math.inf, log_probs.dtype)
        for place, state in enumerate(states[i, places]):
            shares[:, state] = _sum(shares[:, state], ways[:, place])
        own = log_probs[:t, i]
        out[:t, i] = (np.exp(own) - np.exp(shares + losses[i] - own)) * g[i]
    return out
