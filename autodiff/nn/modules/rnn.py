"""Recurrent layers: the plain one, LSTM and GRU, over whole sequences or step by step."""

from __future__ import annotations

import math
import warnings
from typing import Any, ClassVar

from autodiff._core.casting import cast, casting
from autodiff._core.registry import ops
from autodiff._functions.recurrent import Step, gru_step, lstm_step, plain_step, unrolled
from autodiff.nn import functional, init
from autodiff.nn.modules.linear import optional
from autodiff.nn.modules.module import Module
from autodiff.nn.parameter import Parameter
from autodiff.nn.utils.rnn import PackedSequence


class RNNBase(Module):
    """What recurrent layers share: weights by layer and direction, sequences as they come, dropout between layers."""

    #: How many gates, and how many states.
    gates: ClassVar[dict[str, int]] = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if not isinstance(dropout, (int, float)) or not 0 <= dropout <= 1 or isinstance(dropout, bool):
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
            )
        if dropout > 0 and num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
                f"num_layers greater than 1, but got dropout={dropout} and num_layers={num_layers}",
                stacklevel=2,
            )
        if not isinstance(hidden_size, int):
            raise TypeError(f"hidden_size should be of type int, got: {type(hidden_size).__name__}")
        if hidden_size <= 0:
            raise ValueError("hidden_size must be greater than zero")
        if num_layers <= 0:
            raise ValueError("num_layers must be greater than zero")
        if proj_size < 0:
            raise ValueError("proj_size should be a positive integer or zero to disable projections")
        if proj_size >= hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")
        if mode not in self.gates:
            raise ValueError("Unrecognized RNN mode: " + mode)
        self.mode, self.input_size, self.hidden_size, self.num_layers = mode, input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.proj_size = bidirectional, proj_size
        of = {"device": device, "dtype": dtype}
        rows = self.gates[mode] * hidden_size
        out = proj_size or hidden_size
        self._all_weights: list[list[str]] = []
        for n in range(num_layers):
            for direction in ("", "_reverse")[: 1 + bidirectional]:
                shapes: dict[str, tuple[int, ...]] = {
                    "weight_ih": (rows, input_size if n == 0 else out * (1 + bidirectional)),
                    "weight_hh": (rows, out),
                }
                if bias:
                    shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
                if proj_size:
                    shapes["weight_hr"] = (proj_size, hidden_size)
                names = {name: f"{name}_l{n}{direction}" for name in shapes}
                for name, shape in shapes.items():
                    setattr(self, names[name], Parameter(ops.empty(shape, **of)))
                self._all_weights.append(list(names.values()))
        self.reset_parameters()

    @property
    def all_weights(self) -> list[list[Any]]:
        """The weights, a list for each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def flatten_parameters(self) -> None:
        """Nothing is to be done: memory is laid out for no device."""

    def reset_parameters(self) -> None:
        """Draw all weights from U(-1/√hidden_size, 1/√hidden_size)."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        shown = {
            "proj_size": 0,
            "num_layers": 1,
            "bias": True,
            "batch_first": False,
            "dropout": 0,
            "bidirectional": False,
        }
        for name, usual in shown.items():
            if getattr(self, name) != usual:
                text += f", {name}={getattr(self, name)}"
        return text

    def _step(self) -> Step:
        if self.mode == "LSTM":
            return lstm_step
        return gru_step if self.mode == "GRU" else plain_step("tanh" if self.mode == "RNN_TANH" else "relu")

    def _sizes(self) -> list[int]:
        """The width of each state."""
        return [self.proj_size or self.hidden_size] + ([self.hidden_size] if self.mode == "LSTM" else [])

    def _check(self, input: Any, states: tuple[Any, ...], batch: int) -> None:
        if input.size(-1) != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.size(-1)}"
            )
        words = ("Expected hidden[0] size {}, got {}", "Expected hidden[1] size {}, got {}")
        if len(states) == 1:
            words = ("Expected hidden size {}, got {}", "")
        for word, state, width in zip(words, states, self._sizes()):
            wanted = (self.num_layers * (1 + self.bidirectional), batch, width)
            if tuple(state.shape) != wanted:
                raise RuntimeError(word.format(wanted, list(state.size())))

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        packed = isinstance(input, PackedSequence)
        order = None
        if packed:
            x, sizes, order = input.data, input.batch_sizes.tolist(), input.sorted_indices
            alone = False
        else:
            if input.dim() not in (2, 3):
                kind = "LSTM" if self.mode == "LSTM" else "GRU" if self.mode == "GRU" else "RNN"
                raise ValueError(f"{kind}: Expected input to be 2D or 3D, got {input.dim()}D instead")
            alone = input.dim() == 2
            x = input.unsqueeze(1) if alone else input.transpose(0, 1) if self.batch_first else input
            sizes = [x.size(1)] * x.size(0)
            x = x.reshape(-1, x.size(-1))
        batch = sizes[0] if sizes else 0
        states = self._first(hx, x, batch, alone, order)
        self._check(x, states, batch)
        out, states = self._layers(x, sizes, states)
        if order is not None:
            states = tuple(s.index_select(1, input.unsorted_indices) for s in states)
        if alone:
            states = tuple(s.squeeze(1) for s in states)
        last = states if self.mode == "LSTM" else states[0]
        if packed:
            return PackedSequence(out, input.batch_sizes, input.sorted_indices, input.unsorted_indices), last
        out = out.reshape(len(sizes), batch, out.size(-1))
        return (out.squeeze(1) if alone else out.transpose(0, 1) if self.batch_first else out), last

    def _first(self, hx: Any, x: Any, batch: int, alone: bool, order: Any) -> tuple[Any, ...]:
        """The states before the first step: zeros where none are given."""
        if hx is None:
            layers = self.num_layers * (1 + self.bidirectional)
            return tuple(x.new_zeros((layers, batch, width)) for width in self._sizes())
        states = tuple(hx) if self.mode == "LSTM" else (hx,)
        dims = 2 if alone else 3
        if any(s.dim() != dims for s in states):
            if self.mode == "LSTM":
                given = tuple(s.dim() for s in states)
                raise RuntimeError(
                    f"For {'unbatched 2-D' if alone else 'batched 3-D'} input, hx and cx should also be {dims}-D but "
                    f"got ({given[0]}-D, {given[1]}-D) tensors"
                )
            raise RuntimeError(
                f"For {'unbatched 2-D' if alone else 'batched 3-D'} input, hx should also be {dims}-D but got "
                f"{hx.dim()}-D tensor"
            )
        if alone:
            states = tuple(s.unsqueeze(1) for s in states)
        return states if order is None else tuple(s.index_select(1, order) for s in states)

    def _layers(self, x: Any, sizes: list[int], states: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
        if not casting or self.mode != "LSTM" or self.proj_size or len(set(sizes)) > 1:
            return self._unrolled(x, sizes, states, self.all_weights)
        # Where torch has one kernel for the whole, autocast casts for it.
        return cast(self._unrolled, "lower")(x, sizes, states, self.all_weights)  # type: ignore[no-any-return]

    def _unrolled(
        self, x: Any, sizes: list[int], states: tuple[Any, ...], every: list[list[Any]]
    ) -> tuple[Any, tuple[Any, ...]]:
        dropout = self.dropout if self.training else 0.0
        return unrolled(self._step(), x, sizes, states, every, self.bias, self.bidirectional, dropout)


class RNN(RNNBase):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu; `(T, B, input_size)`, or batch first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        given = list(args)
        nonlinearity = given.pop(3) if len(given) > 3 else kwargs.pop("nonlinearity", "tanh")
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        self_nonlinearity = nonlinearity
        super().__init__("RNN_TANH" if nonlinearity == "tanh" else "RNN_RELU", *given, **kwargs)
        self.nonlinearity = self_nonlinearity


class LSTM(RNNBase):
    """Long short-term memory; returns the outputs and the pair of last hidden and cell states."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)


class GRU(RNNBase):
    """Gated recurrent units; returns the outputs and the last hidden states."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        super().__init__("GRU", *args, **kwargs)


class RNNCellBase(Module):
    """One step of a recurrent layer."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        of = {"device": device, "dtype": dtype}
        self.weight_ih = Parameter(ops.empty((num_chunks * hidden_size, input_size), **of))
        self.weight_hh = Parameter(ops.empty((num_chunks * hidden_size, hidden_size), **of))
        optional(self, "bias_ih", num_chunks * hidden_size, bias, **of)
        optional(self, "bias_hh", num_chunks * hidden_size, bias, **of)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights from U(-1/√hidden_size, 1/√hidden_size)."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else f", bias={self.bias}")
        nonlinearity = getattr(self, "nonlinearity", "tanh")
        return text + (f", nonlinearity={nonlinearity}" if nonlinearity != "tanh" else "")

    def _stepped(self, step: Step, input: Any, states: tuple[Any, ...] | None, count: int) -> tuple[Any, ...]:
        if input.dim() not in (1, 2):
            raise ValueError(f"{type(self).__name__}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        for state in states or ():
            if state.dim() not in (1, 2):
                raise ValueError(f"{type(self).__name__}: Expected hidden to be 1D or 2D, got {state.dim()}D instead")
        alone = input.dim() == 1
        x = input.unsqueeze(0) if alone else input
        if x.size(1) != self.input_size:
            raise RuntimeError(f"input has inconsistent input_size: got {x.size(1)} expected {self.input_size}")
        if states is None:
            states = (x.new_zeros((x.size(0), self.hidden_size)),) * count
        elif alone:
            states = tuple(s.unsqueeze(0) for s in states)
        if states[0].size(1) != self.hidden_size:
            width = states[0].size(1)
            raise RuntimeError(f"hidden0 has inconsistent hidden_size: got {width}, expected {self.hidden_size}")
        given = functional.linear(x, self.weight_ih, self.bias_ih)
        _, states = step(given, states, self.weight_hh, self.bias_hh, None)
        return tuple(s.squeeze(0) for s in states) if alone else states


class RNNCell(RNNCellBase):
    """One step of an Elman network."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Any = None) -> Any:
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        return self._stepped(plain_step(self.nonlinearity), input, None if hx is None else (hx,), 1)[0]


class LSTMCell(RNNCellBase):
    """One step of an LSTM: the hidden and the cell state after it."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        h, c = self._stepped(lstm_step, input, None if hx is None else tuple(hx), 2)
        return h, c


class GRUCell(RNNCellBase):
    """One step of a GRU."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Any, hx: Any = None) -> Any:
        return self._stepped(gru_step, input, None if hx is None else (hx,), 1)[0]
