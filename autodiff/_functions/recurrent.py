"""Recurrent networks: one step of each kind, and whole sequences in layers and directions, with torch's signatures.

A layer multiplies all its inputs at once; what is left for each step is the product with the hidden state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._functions.dropout import functional_dropout
from autodiff._functions.matmul import linear

#: (what the step gives, the states after it) from the inputs' share of the gates, the states and the weights.
Step = Callable[[Any, tuple[Any, ...], Any, Any, Any], tuple[Any, tuple[Any, ...]]]


def lstm_step(given: Any, states: tuple[Any, ...], weight: Any, bias: Any, projection: Any) -> tuple[Any, Any]:
    """One step of an LSTM (Hochreiter and Schmidhuber, 1997); the order of the gates is i, f, g, o."""
    h, c = states
    i, f, g, o = (given + linear(h, weight, bias)).chunk(4, 1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    h = o.sigmoid() * c.tanh()
    if projection is not None:
        h = linear(h, projection)
    return h, (h, c)


def gru_step(given: Any, states: tuple[Any, ...], weight: Any, bias: Any, projection: Any) -> tuple[Any, Any]:
    """One step of a GRU (Cho et al., 2014), the reset gate after the product; the order of the gates is r, z, n."""
    (h,) = states
    r, z, n = given.chunk(3, 1)
    hr, hz, hn = linear(h, weight, bias).chunk(3, 1)
    n = (n + (r + hr).sigmoid() * hn).tanh()
    z = (z + hz).sigmoid()
    h = n + z * (h - n)
    return h, (h,)


def plain_step(nonlinearity: str) -> Step:
    """One step of an Elman network."""

    def step(given: Any, states: tuple[Any, ...], weight: Any, bias: Any, projection: Any) -> tuple[Any, Any]:
        h = getattr(ops, nonlinearity)(given + linear(states[0], weight, bias))
        return h, (h,)

    return step


def unrolled(
    step: Step,
    x: Any,
    sizes: Sequence[int],
    states: tuple[Any, ...],
    every: Sequence[Sequence[Any]],
    biased: bool,
    bidirectional: bool,
    dropout: float,
) -> tuple[Any, tuple[Any, ...]]:
    """The outputs and last states of layers over steps of `sizes` sequences each, which x has one after the other.

    `every` has the weights of each layer and direction, `states` a row for each; `dropout` stands between layers.
    """
    last: list[tuple[Any, ...]] = []
    directions = 1 + bidirectional
    for n in range(0, len(every), directions):
        found = []
        for place in range(n, n + directions):
            out, end = _directed(step, x, sizes, tuple(s[place] for s in states), every[place], biased, place > n)
            found.append(out)
            last.append(end)
        x = found[0] if directions == 1 else ops.cat(*found, dim=1)
        if dropout and n + directions < len(every):
            x = functional_dropout(x, dropout)
    return x, tuple(ops.stack(*parts, dim=0) for parts in zip(*last))


def _directed(
    step: Step,
    x: Any,
    sizes: Sequence[int],
    states: tuple[Any, ...],
    weights: Sequence[Any],
    biased: bool,
    backwards: bool,
) -> tuple[Any, tuple[Any, ...]]:
    """One layer in one direction over all steps; a weight behind the others projects the hidden state."""
    w_ih, w_hh, *more = weights
    b_ih, b_hh = more[:2] if biased else (None, None)
    projection = more[2 * biased] if len(more) > 2 * biased else None
    given = linear(x, w_ih, b_ih).split(sizes)
    outs: list[Any] = []
    if backwards:
        first = states
        states = tuple(s[: sizes[-1]] for s in first)
        for t in reversed(range(len(sizes))):
            if (there := states[0].size(0)) < sizes[t]:  # shorter sequences begin here
                states = tuple(ops.cat(s, f[there : sizes[t]], dim=0) for s, f in zip(states, first))
            out, states = step(given[t], states, w_hh, b_hh, projection)
            outs.append(out)
        return ops.cat(*reversed(outs), dim=0), states
    ended: list[tuple[Any, ...]] = []
    for t, size in enumerate(sizes):
        if size < states[0].size(0):
            ended.append(tuple(s[size:] for s in states))
            states = tuple(s[:size] for s in states)
        out, states = step(given[t], states, w_hh, b_hh, projection)
        outs.append(out)
    if ended:
        ended.append(states)
        states = tuple(ops.cat(*reversed(parts), dim=0) for parts in zip(*ended))
    return ops.cat(*outs, dim=0), states


# -- torch's functions ------------------------------------------------------------------------------------------


def _layers(
    step: Step,
    input: Any,
    sizes: Tensor | None,
    states: tuple[Any, ...],
    params: Sequence[Any],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Any, ...]:
    """The outputs and the last states; `sizes` says how many sequences each step of packed ones has."""
    count = num_layers * (1 + bool(bidirectional))
    each, rest = divmod(len(params), count)
    if rest or each - 2 * bool(has_biases) not in (2, 3):
        raise RuntimeError(
            f"expected {2 + 2 * bool(has_biases)} weights for each of {count} layers and directions, or one more that "
            f"projects the hidden state, but got {len(params)}"
        )
    every = [params[n : n + each] for n in range(0, len(params), each)]
    x = input.transpose(0, 1) if sizes is None and batch_first else input
    steps = [x.size(1)] * x.size(0) if sizes is None else sizes.tolist()  # type: ignore[attr-defined]
    out, last = unrolled(
        step, x.reshape(-1, x.size(-1)), steps, states, every, bool(has_biases), bool(bidirectional),
        dropout if train else 0.0,
    )  # fmt: skip
    if sizes is None:
        out = out.reshape(len(steps), x.size(1), out.size(-1))
        out = out.transpose(0, 1) if batch_first else out
    return (out, *last)


_SETTINGS = ("hx", "params", "has_biases", "num_layers", "dropout", "train", "bidirectional")
#: The arguments of sequences of one length, and of packed ones.
_ORDERS = (("input", *_SETTINGS, "batch_first"), ("data", "batch_sizes", *_SETTINGS))


def _told(name: str, args: tuple[Any, ...], by_name: dict[str, Any]) -> dict[str, Any]:
    """The arguments by name. Raises TypeError where they are those of neither order: `params` is a list in both."""
    for order in _ORDERS:
        given = dict(zip(order, args)) | by_name
        complete = len(given) == len(args) + len(by_name) and set(given) == set(order)
        if complete and isinstance(given["params"], (tuple, list)) and isinstance(given["has_biases"], (bool, int)):
            return given
    raise TypeError(f"{name}() takes ({', '.join(_ORDERS[0])}) or ({', '.join(_ORDERS[1])}), and all of them")


def _sequence(name: str, step: Step, title: str) -> None:
    def public(*args: Any, **by_name: Any) -> tuple[Tensor, ...]:
        given = _told(name, args, by_name)
        hx = given.pop("hx")
        states = (hx,) if isinstance(hx, Tensor) else tuple(hx)
        x = given.pop("data") if "data" in given else given.pop("input")
        return _layers(step, x, given.pop("batch_sizes", None), states, **{"batch_first": False, **given})

    public.__doc__ = f"Layers of {title} over whole sequences, or packed ones: the outputs and the last states."
    function(name=name, method=False)(public)


def _cell(name: str, step: Step, title: str, states: int = 1) -> None:
    def public(
        input: Tensor, hx: Any, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
    ) -> Any:
        held = (hx,) if isinstance(hx, Tensor) else tuple(hx)
        if len(held) != states:
            raise RuntimeError(f"{name} expects {states} hidden states, but got {len(held)}")
        width = w_ih._array.shape[-1]
        if input._array.shape[1] != width:
            raise RuntimeError(f"input has inconsistent input_size: got {input._array.shape[1]} expected {width}")
        found = step(linear(input, w_ih, b_ih), held, w_hh, b_hh, None)[1]
        return found if states > 1 else found[0]

    public.__doc__ = f"One step of {title}: the {'states' if states > 1 else 'state'} after it."
    function(name=name, method=False)(public)


_sequence("lstm", lstm_step, "long short-term memory")
_sequence("gru", gru_step, "gated recurrent units")
_sequence("rnn_tanh", plain_step("tanh"), "an Elman network with tanh")
_sequence("rnn_relu", plain_step("relu"), "an Elman network with relu")
_cell("lstm_cell", lstm_step, "long short-term memory", 2)
_cell("gru_cell", gru_step, "a gated recurrent unit")
_cell("rnn_tanh_cell", plain_step("tanh"), "an Elman network with tanh")
_cell("rnn_relu_cell", plain_step("relu"), "an Elman network with relu")
