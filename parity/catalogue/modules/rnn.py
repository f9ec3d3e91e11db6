"""Recurrent layers and their cells."""

from __future__ import annotations

from typing import Any

from parity.catalogue.modules.spec import ModuleSpec, Settings, fed, module, needed, of

_SIZES: dict[str, Any] = {"input_size": needed(3, 2), "hidden_size": needed(2, 4)}


def _states(s: Settings) -> int:
    return int(s.get("num_layers", 1) * (1 + s.get("bidirectional", False)))


def _layers(name: str, **more: Any) -> ModuleSpec:
    hidden = "states N? out"
    first = fed(hidden, optional=True, pair=name == "LSTM")
    states = (first, fed("states N? hidden_size", optional=True)) if name == "LSTM" else (first,)
    return module(
        name, "batch time input_size", *states, **_SIZES, num_layers=of(2, 3), bias=of(False), batch_first=of(True),
        dropout=of(0.4), bidirectional=of(True), **more,
        sizes={"states": _states, "out": lambda s: s.get("proj_size") or s["hidden_size"]},
        fits=lambda s: ("dropout" not in s or "num_layers" in s) and s.get("proj_size", 0) < s["hidden_size"],
    )  # fmt: skip


def _cell(name: str, **more: Any) -> ModuleSpec:
    states = [fed("N? hidden_size", optional=True, pair=name == "LSTMCell")]
    if name == "LSTMCell":
        states.append(fed("N? hidden_size", optional=True))
    return module(name, "N? input_size", *states, **_SIZES, bias=of(False), **more)


ROWS = [
    _layers("RNN", nonlinearity=of("relu", "tanh")),
    _layers("GRU"),
    _layers("LSTM", proj_size=of(1)),
    _cell("RNNCell", nonlinearity=of("relu")),
    _cell("GRUCell"),
    _cell("LSTMCell"),
]
