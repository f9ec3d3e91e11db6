"""Forward lines of what is drawn: the draw is a given, what is made of it is certified."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls
from parity.truth.table import Drawn, NoTruth, drawing

#: Minus selu of -inf, the value that alpha dropout sets.
_ALPHA = 1.7580993408473766


@drawing(
    "rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like", "bernoulli", "poisson",
    "multinomial",
)  # fmt: skip
def _(*args: Any, drawn: Drawn, **kwargs: Any) -> Array:
    """Nothing flows through a draw, and its bits are torch's promise: any other number is wrong."""
    if isinstance(drawn.value, np.ndarray):
        return balls(drawn.value) if drawn.value.dtype.kind in "fc" else drawn.value
    raise NoTruth("nothing was drawn")


@drawing("normal", conventional=True)
def _(mean: Array, std: Array, *, drawn: Drawn, unmoved: Any) -> Array:
    """What the reference drew from its mean and deviation, moved to the true ones; nothing flows through it."""
    center, spread = (np.asarray(x, np.float64) for x in drawn.given)
    with np.errstate(all="ignore"):
        noise = np.where(spread == 0, 0, (drawn.value - center) / spread)
    return np.asarray(unmoved["mean"] + unmoved["std"] * balls(noise), dtype=object)


def uniform(drawn: Drawn, n: int) -> Any:
    """What torch's Mersenne stream gives first from this seed: n float64 in [0, 1), of two words each."""
    words = np.random.RandomState(drawn.seed).randint(0, 2**32, 2 * n, np.uint64)
    return ((words[0::2] << np.uint64(32) | words[1::2]) & np.uint64(2**53 - 1)) * 2.0**-53


def kept(drawn: Drawn, p: float, feature: bool) -> Any:
    """1 where an element, or a channel of a sample, stays; 0 where it is left out."""
    like = drawn.value
    assert isinstance(like, np.ndarray)
    shape = (*like.shape[:2], *[1] * (like.ndim - 2)) if feature else like.shape
    stays = (uniform(drawn, math.prod(shape)) < 1 - p).astype(np.int64)
    if feature:
        return stays.reshape(shape)
    # torch fills memory in its order, whatever the order of the dimensions.
    dims = sorted(range(like.ndim), key=lambda d: -abs(like.strides[d]))
    return stays.reshape([shape[d] for d in dims]).transpose(np.argsort(dims)) if like.ndim else stays.reshape(())


def dropped(input: Array, p: float, training: bool, drawn: Drawn, *, feature: bool = False, alpha: bool = False) -> Any:
    if not training or p == 0 or not input.size:
        return input
    if p == 1:
        return input * 0
    noise = balls(kept(drawn, p, feature))
    if not alpha:
        return input * noise / (1 - arb(p))
    a = 1 / ((arb(_ALPHA) ** 2 * p + 1) * (1 - arb(p))).sqrt()
    return input * noise * a + (noise - 1) * _ALPHA * a + _ALPHA * a * p


@drawing("nn.functional.dropout")
def _(input: Array, *, p: float = 0.5, training: bool = True, drawn: Drawn) -> Any:
    return dropped(input, p, training, drawn)


@drawing("nn.functional.dropout1d")
def _(input: Array, *, p: float = 0.5, training: bool = True, drawn: Drawn) -> Any:
    if input.ndim == 3:
        return dropped(input, p, training, drawn, feature=True)
    assert isinstance(drawn.value, np.ndarray)
    return dropped(input[None], p, training, Drawn(drawn.seed, drawn.value[None]), feature=True)[0]


@drawing("nn.functional.dropout2d")
def _(input: Array, *, p: float = 0.5, training: bool = True, drawn: Drawn) -> Any:
    return dropped(input, p, training, drawn, feature=True)


@drawing("nn.functional.dropout3d")
def _(input: Array, *, p: float = 0.5, training: bool = True, drawn: Drawn) -> Any:
    assert isinstance(drawn.value, np.ndarray)
    return dropped(input[None], p, training, Drawn(drawn.seed, drawn.value[None]), feature=True)[0]


@drawing("nn.functional.alpha_dropout")
def _(input: Array, *, p: float = 0.5, training: bool = False, drawn: Drawn) -> Any:
    return dropped(input, p, training, drawn, alpha=True)


@drawing("nn.functional.feature_alpha_dropout")
def _(input: Array, *, p: float = 0.5, training: bool = False, drawn: Drawn) -> Any:
    return dropped(input, p, training, drawn, feature=True, alpha=True)


@drawing("nn.functional.gumbel_softmax")
def _(logits: Array, *, tau: float = 1.0, hard: bool = False, drawn: Drawn) -> Any:
    if hard:
        raise NoTruth("the winner's value stands for the soft one's derivative")
    waits = [-(1 - arb(u)).log() for u in uniform(drawn, logits.size).tolist()]
    noise = np.array([-w.log() for w in waits], object).reshape(logits.shape)
    powers = np.vectorize(lambda x: x.exp(), otypes=[object])((logits + noise) / arb(tau)) if logits.size else logits
    return powers / powers.sum(-1, keepdims=True)
