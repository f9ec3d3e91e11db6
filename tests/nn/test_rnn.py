"""Recurrent layers, packed sequences and nn.utils beside torch's."""

from __future__ import annotations

import pytest
import torch

import autodiff as ad
from tests.core.side_by_side import outcome, same

SETTINGS = [
    {},
    {"num_layers": 2, "bias": False},
    {"bidirectional": True, "batch_first": True},
    {"num_layers": 3, "bidirectional": True, "dropout": 0.4},
]
KINDS = ["RNN", "LSTM", "GRU"]


def of(lib, *shape, phase=1.0):
    count = 1
    for n in shape:
        count *= n
    return lib.sin(lib.arange(count, dtype=lib.float64) * 0.7 + phase).reshape(shape).clone().requires_grad_()


def all_states(found):
    return list(found) if isinstance(found, tuple) else [found]


def run(lib, kind, settings, how):
    lib.manual_seed(1)
    layer = getattr(lib.nn, kind)(3, 4, dtype=lib.float64, **settings)
    with lib.no_grad():
        for i, p in enumerate(layer.parameters()):
            p.copy_(of(lib, *p.shape, phase=i))
    lib.manual_seed(2)
    x = of(lib, 3) if how == "alone" else of(lib, 2, 5, 3)
    hx = None
    if how == "alone":
        x = of(lib, 5, 3)
    if how == "states":
        count = layer.num_layers * (1 + layer.bidirectional)
        batch = 2 if layer.batch_first else 5
        hx = of(lib, count, batch, layer.proj_size or 4)
        if kind == "LSTM":
            hx = (hx, of(lib, count, batch, 4, phase=2))
    given = x
    if how == "packed":
        given = lib.nn.utils.rnn.pack_padded_sequence(
            x if layer.batch_first else of(lib, 5, 3, 3), [2, 5] if layer.batch_first else [2, 5, 3],
            batch_first=layer.batch_first, enforce_sorted=False,
        )  # fmt: skip
    out, last = layer(given, hx) if hx is not None else layer(given)
    if how == "packed":
        out, lengths = lib.nn.utils.rnn.pad_packed_sequence(out, batch_first=layer.batch_first, padding_value=-1.0)
        assert lengths.tolist() in ([2, 5], [2, 5, 3])
    loss = (out**2).sum() + sum(s.sum() for s in all_states(last))
    loss.backward()
    return [repr(layer), out, all_states(last), x.grad, [p.grad for p in layer.parameters()], list(layer.state_dict())]


@pytest.mark.parametrize("how", ["batch", "alone", "states", "packed"])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_layers(kind, settings, how):
    # Three layers there and back: rounding adds up.
    same(lambda lib: run(lib, kind, settings, how), within=1e-10)


@pytest.mark.parametrize("how", ["batch", "states", "packed"])
def test_projected(how):
    same(lambda lib: run(lib, "LSTM", {"proj_size": 2, "num_layers": 2, "bidirectional": True}, how))


def test_relu():
    same(lambda lib: run(lib, "RNN", {"nonlinearity": "relu"}, "batch"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("states", [False, True])
@pytest.mark.parametrize("alone", [False, True])
def test_cells(kind, states, alone):
    def program(lib):
        lib.manual_seed(1)
        cell = getattr(lib.nn, kind + "Cell")(3, 4, dtype=lib.float64)
        with lib.no_grad():
            for i, p in enumerate(cell.parameters()):
                p.copy_(of(lib, *p.shape, phase=i))
        shape = () if alone else (2,)
        hx = of(lib, *shape, 4)
        out = cell(of(lib, *shape, 3), ((hx, hx * 2) if kind == "LSTM" else hx) if states else None)
        sum(s.sum() for s in all_states(out)).backward()
        return [repr(cell), all_states(out), [p.grad for p in cell.parameters()]]

    same(program)


def test_first_weights_are_torchs():
    drawn = []
    for lib in (torch, ad):
        lib.manual_seed(5)
        drawn.append([p.detach().numpy() for p in lib.nn.LSTM(3, 4, num_layers=2).parameters()])
    for theirs, ours in zip(*drawn, strict=True):
        assert abs(theirs - ours).max() < 1e-7


REFUSED = {
    "hidden": lambda lib: lib.nn.LSTM(3, 0),
    "layers": lambda lib: lib.nn.LSTM(3, 2, num_layers=0),
    "dropout": lambda lib: lib.nn.LSTM(3, 2, dropout=2),
    "projection": lambda lib: lib.nn.LSTM(3, 2, proj_size=2),
    "projection of a GRU": lambda lib: lib.nn.GRU(3, 2, proj_size=1),
    "nonlinearity": lambda lib: lib.nn.RNN(3, 2, nonlinearity="x"),
    "dims": lambda lib: lib.nn.LSTM(3, 2)(lib.ones(3)),
    "width": lambda lib: lib.nn.LSTM(3, 2)(lib.ones(5, 2, 4)),
    "state": lambda lib: lib.nn.GRU(3, 2)(lib.ones(5, 2, 3), lib.ones(1, 3, 2)),
    "state's dims": lambda lib: lib.nn.GRU(3, 2)(lib.ones(5, 2, 3), lib.ones(3, 2)),
    "cell": lambda lib: lib.nn.GRUCell(3, 2)(lib.ones(1, 1, 1)),
    "not sorted": lambda lib: lib.nn.utils.rnn.pack_padded_sequence(lib.ones(3, 2, 1), [1, 3]),
    "total length": lambda lib: lib.nn.utils.rnn.pad_packed_sequence(
        lib.nn.utils.rnn.pack_sequence([lib.ones(3), lib.ones(2)]), total_length=2
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_torchs_words(name):
    theirs = outcome(torch, REFUSED[name])
    assert issubclass(theirs[0], Exception)
    assert outcome(ad, REFUSED[name]) == theirs


UTILS = {
    "pad": lambda lib: lib.nn.utils.rnn.pad_sequence([lib.ones(3, 2), lib.zeros(1, 2)], padding_value=7.0),
    "pad left": lambda lib: lib.nn.utils.rnn.pad_sequence([lib.ones(3), lib.zeros(1)], True, 7.0, "left"),
    "pack": lambda lib: list(lib.nn.utils.rnn.pack_sequence([lib.ones(1), lib.zeros(3)], enforce_sorted=False)),
    "unpack": lambda lib: lib.nn.utils.rnn.unpack_sequence(
        lib.nn.utils.rnn.pack_sequence([lib.ones(1), lib.zeros(3)], enforce_sorted=False)
    ),
    "clip": lambda lib: (
        p := of(lib, 3), (p * 10).sum().backward(), n := lib.nn.utils.clip_grad_norm_([p], 1.0), n, p.grad,
        lib.nn.utils.get_total_norm([p.grad], float("inf")),
    )[2:],
    "clip a generator": lambda lib: (
        p := of(lib, 3), (p * 10).sum().backward(), lib.nn.utils.clip_grad_norm_((q for q in [p]), 2.0, 1), p.grad,
    )[2:],
    "clip values": lambda lib: (
        p := of(lib, 3), (p * p).sum().backward(), lib.nn.utils.clip_grad_value_(p, 0.5), p.grad,
    )[3],
    "no gradient": lambda lib: lib.nn.utils.clip_grad_norm_([of(lib, 2)], 1.0),
    "vector": lambda lib: (
        m := lib.nn.Linear(2, 2, dtype=lib.float64), v := lib.arange(6.0).double(),
        lib.nn.utils.vector_to_parameters(v, m.parameters()), list(m.parameters()),
        lib.nn.utils.parameters_to_vector(m.parameters()),
    )[3:],
}  # fmt: skip


@pytest.mark.parametrize("name", UTILS)
def test_utils(name):
    same(UTILS[name])


# -- torch's functions -----------------------------------------------------------------------------------------


def as_functions(lib, name, settings, packed):
    kind = {"lstm": "LSTM", "gru": "GRU"}.get(name, "RNN")
    lib.manual_seed(1)
    layer = getattr(lib.nn, kind)(3, 4, dtype=lib.float64, **settings)
    x = of(lib, 5, 2, 3)
    rows = layer.num_layers * (1 + layer.bidirectional)
    states = [of(lib, rows, 2, layer.proj_size or 4), of(lib, rows, 2, 4, phase=2.0)][: 1 + (name == "lstm")]
    hx = states if name == "lstm" else states[0]
    rest = (list(layer.parameters()), layer.bias, layer.num_layers, 0.0, False, layer.bidirectional)
    if packed:
        given = lib.nn.utils.rnn.pack_padded_sequence(x, [5, 3])
        results = getattr(lib, name)(given.data, given.batch_sizes, hx, *rest)
    else:
        results = getattr(lib, name)(x.transpose(0, 1), hx, *rest, True)
    sum((r**2).sum() for r in results).backward()
    return [*results, x.grad, *(s.grad for s in states), *(p.grad for p in layer.parameters())]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("settings", [{}, {"num_layers": 2, "bidirectional": True}, {"bias": False}, {"proj_size": 2}])
@pytest.mark.parametrize("name", ["lstm", "gru", "rnn_tanh", "rnn_relu"])
def test_layers_as_functions(name, settings, packed):
    if "proj_size" in settings and name != "lstm":
        pytest.skip("torch projects the states of an LSTM alone")
    same(lambda lib: as_functions(lib, name, settings, packed), floor=1e-15)


def a_cell_as_a_function(lib, name, bias):
    rows = 4 * {"lstm_cell": 4, "gru_cell": 3}.get(name, 1)
    weights = [of(lib, rows, 3), of(lib, rows, 4), *([of(lib, rows), of(lib, rows, phase=3.0)] if bias else [])]
    x, h, c = of(lib, 2, 3), of(lib, 2, 4), of(lib, 2, 4, phase=2.0)
    results = all_states(getattr(lib, name)(x, (h, c) if name == "lstm_cell" else h, *weights))
    sum((r**2).sum() for r in results).backward()
    return [*results, x.grad, h.grad, *(w.grad for w in weights)]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", ["lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell"])
def test_cells_as_functions(name, bias):
    same(lambda lib: a_cell_as_a_function(lib, name, bias), floor=1e-15)


def test_what_fits_neither_order_is_refused():
    for lib in (torch, ad):
        with pytest.raises(TypeError, match="lstm"):
            lib.lstm(lib.ones(1, 1, 3), [lib.ones(1, 1, 4)] * 2)
        with pytest.raises(RuntimeError):
            lib.lstm_cell(lib.ones(1, 3), [lib.ones(1, 4)], lib.ones(16, 3), lib.ones(16, 4))
        with pytest.raises(RuntimeError):
            lib.gru_cell(lib.ones(1, 2), lib.ones(1, 4), lib.ones(12, 3), lib.ones(12, 4))
