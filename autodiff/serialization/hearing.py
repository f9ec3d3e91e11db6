"""The words of pickle, understood as data: a short list of words, a short list of names, and nothing is ever called
that is not written here.

A name in a file becomes a `Name`, which is no function; only `_MAKERS` says what is made when a name is applied.
"""

from __future__ import annotations

import pickletools
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pickle import UnpicklingError
from typing import Any

from autodiff import nn
from autodiff._core.dtypes import bfloat16, dtype
from autodiff._core.geometry import Size, device
from autodiff._core.memory import Parts, assembled
from autodiff._core.tensor import Tensor, requiring, wrap
from autodiff._kernels.brain import unpacked
from autodiff.serialization.names import ABSENT, ATTRIBUTES, OF_MEMORY, OF_NAME, PARAMETER, TENSOR

#: The bytes of a record, by its key, if they are as many as the words say.
Record = Callable[[str, int], Any]
_MARK = object()
_DIMENSIONS = 64


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a file: "module name"."""

    text: str


@dataclass(frozen=True, slots=True)
class Memory:
    """A record of a file as the memory of one dtype."""

    key: str
    dtype: dtype
    numel: int


def hear(words: bytes, record: Record, map_location: Any) -> Any:
    """The object that the words describe. Raises UnpicklingError for words and names that are not on the lists."""
    hearing = _Hearing(record, map_location)
    try:
        return hearing.all(words)
    except UnpicklingError:
        raise
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, OverflowError, MemoryError) as error:
        raise UnpicklingError(f"load: the words at {hearing.position} make no sense: {error}") from None


def refused(what: str) -> UnpicklingError:
    return UnpicklingError(f"load: {what}. Only tensors, and containers of plain data, are read; nothing is run")


class _Hearing:
    def __init__(self, record: Record, map_location: Any) -> None:
        self.position = 0
        self.stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._record = record
        self._memories: dict[str, Any] = {}
        self._moves = _moving(map_location)

    def all(self, words: bytes) -> Any:
        for opcode, argument, position in pickletools.genops(words):
            self.position = position or 0
            if opcode.name == "STOP":
                (found,) = self.stack
                return found
            if opcode.name in _LITERALS:
                self.stack.append(argument)
            elif opcode.name in _WORDS:
                _WORDS[opcode.name](self, argument)
            else:
                raise refused(f"the word {opcode.name} at {position} is none that a checkpoint needs")
        raise UnpicklingError("load: the words end in the middle")

    # -- the stack --------------------------------------------------------------------------------------------

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def since_mark(self) -> list[Any]:
        for place in range(len(self.stack) - 1, -1, -1):
            if self.stack[place] is _MARK:
                found = self.stack[place + 1 :]
                del self.stack[place:]
                return found
        raise ValueError("there is no mark")

    def last(self, count: int) -> tuple[Any, ...]:
        found = tuple(self.stack[-count:])
        if len(found) != count or any(item is _MARK for item in found):
            raise ValueError("too few things before it")
        del self.stack[-count:]
        return found

    def top(self, *kinds: type) -> Any:
        found = self.stack[-1]
        if type(found) not in kinds:
            raise TypeError(f"a {type(found).__name__} where {' or '.join(k.__name__ for k in kinds)} was expected")
        return found

    def remember(self, number: int | None) -> None:
        self._memo[len(self._memo) if number is None else number] = self.stack[-1]

    def recall(self, number: int) -> None:
        self.stack.append(self._memo[number])

    def fill(self, pairs: list[Any]) -> None:
        target = self.top(dict, OrderedDict)
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            target[key] = value

    # -- names ------------------------------------------------------------------------------------------------

    def name(self, text: str) -> None:
        module, _, short = text.partition(" ")
        if module == "torch" and short in OF_NAME:
            return self.push(OF_NAME[short])
        if module == "torch" and short in ABSENT:
            raise refused(
                f"the file holds torch.{short}, which does not exist here: store it as float32 or int64 first"
            )
        if text not in _MAKERS and text not in _NAMES and not (module == "torch" and short in OF_MEMORY):
            raise refused(f"the file names {module}.{short}, which is not on the list of what can be made")
        self.push(Name(text))

    def apply(self) -> None:
        name, arguments = self.last(2)
        if not isinstance(name, Name) or not isinstance(arguments, tuple) or name.text not in _MAKERS:
            raise refused(f"{getattr(name, 'text', name)!r} is applied, which is nothing that can be made")
        self.push(_MAKERS[name.text](self, *arguments))

    def build(self) -> None:
        (state,) = self.last(1)
        target = self.top(OrderedDict)
        target.__dict__.update({key: value for key, value in _dict(state).items() if isinstance(key, str)})

    # -- tensors ----------------------------------------------------------------------------------------------

    def memory(self) -> None:
        (told,) = self.last(1)
        kind, name, key, location, numel = told
        if kind != "storage" or not isinstance(name, Name) or not isinstance(key, str) or not _natural(numel):
            raise ValueError("this is no reference to a record")
        self._moves(location)
        self.push(Memory(key, OF_MEMORY[name.text.partition(" ")[2]], numel))

    def tensor(
        self,
        memory: Memory,
        offset: int,
        size: tuple[int, ...],
        stride: tuple[int, ...],
        requires_grad: bool = False,
        hooks: Any = None,
        bits: Any = None,
    ) -> Tensor:
        """A region of a memory; what reaches beyond it is refused before any of it is looked at."""
        if not isinstance(memory, Memory):
            raise TypeError("a tensor without memory")
        size, stride = tuple(size), tuple(stride)
        if not all(_natural(n) for n in (offset, *size, *stride)) or not len(size) == len(stride) <= _DIMENSIONS:
            raise ValueError(f"size {size}, stride {stride} and offset {offset} are no geometry")
        reach = offset + sum((n - 1) * step for n, step in zip(size, stride)) + 1
        if 0 not in size and reach > memory.numel:
            raise ValueError(f"a tensor reaches to element {reach} of a memory of {memory.numel}")
        d = memory.dtype.numpy
        if memory.key not in self._memories:
            found = self._record(memory.key, memory.numel * memory.dtype.itemsize)
            self._memories[memory.key] = unpacked(found) if memory.dtype is bfloat16 else found
        strides = tuple(n * d.itemsize for n in stride)
        held = self._memories[memory.key]
        if len(held) != memory.numel * d.itemsize:
            raise ValueError(f"the record {memory.key} is said to have two sizes")
        made = wrap(assembled(Parts(held, d, offset * d.itemsize, size, strides)))
        for bit in _dict(bits or {}):
            if bit not in ("conj", "neg"):
                raise ValueError(f"a tensor with the unknown property {bit!r}")
        if bits and bits.get("conj"):
            made = made.conj_physical()  # type: ignore[attr-defined]
        if bits and bits.get("neg"):
            made = made.neg()  # type: ignore[attr-defined]
        if requires_grad and d.kind not in "fc":
            raise ValueError("only tensors of floating point and complex dtype can require gradients")
        return requiring(made, requires_grad is True)

    def parameter(self, data: Tensor, requires_grad: bool, hooks: Any = None) -> Tensor:
        if not isinstance(data, Tensor):
            raise TypeError("a parameter without a tensor")
        kind = getattr(nn, "Parameter", None)
        if kind is not None:
            return kind(data, requires_grad is True)  # type: ignore[no-any-return]
        return requiring(wrap(data.memory()), requires_grad is True)

    def with_attributes(self, name: Name, kind: Name, arguments: tuple[Any, ...], state: Any) -> Tensor:
        if name != Name(TENSOR) or kind.text not in _NAMES:
            raise ValueError("attributes of something that is no tensor")
        made = self.tensor(*arguments)
        made.__dict__.update({key: value for key, value in _dict(state).items() if isinstance(key, str)})
        return made


def _moving(map_location: Any) -> Callable[[Any], None]:
    """Accepts a place that the file names, if it is, or is sent to, the CPU."""
    if callable(map_location) and not isinstance(map_location, (str, device)):
        raise TypeError("load(): map_location must be a device, a string or a dict: functions are not called")

    def moves(location: Any) -> None:
        place = map_location.get(location, location) if isinstance(map_location, dict) else map_location or location
        if str(place).partition(":")[0] != "cpu":
            raise RuntimeError(
                f"Attempting to deserialize object on the device {place!r}, but there is only the CPU. Please use "
                "load with map_location='cpu' to map your storages to it."
            )

    return moves


def _natural(value: Any) -> bool:
    return type(value) is int and value >= 0


def _dict(value: Any) -> dict[Any, Any]:
    if type(value) not in (dict, OrderedDict):
        raise TypeError(f"a {type(value).__name__} where a dict was expected")
    return value  # type: ignore[no-any-return]


def _ordered(hearing: _Hearing, pairs: Any = ()) -> Any:
    return OrderedDict([(key, value) for key, value in pairs])


def _size(hearing: _Hearing, sizes: Any = ()) -> Size:
    if not all(type(n) is int for n in sizes):
        raise TypeError("a size that is not made of numbers")
    return Size(sizes)


def _encoded(hearing: _Hearing, text: str, encoding: str = "latin1") -> bytes:
    if type(text) is not str or encoding != "latin1":
        raise ValueError("bytes in an unknown form")
    return text.encode("latin1")


def _no_bytes(hearing: _Hearing) -> bytes:
    return b""


def _complex(hearing: _Hearing, real: Any, imaginary: Any) -> complex:
    if {type(real), type(imaginary)} != {float}:
        raise TypeError("a complex number that is not made of two floats")
    return complex(real, imaginary)


def _device(hearing: _Hearing, kind: str, index: int | None = None) -> device:
    hearing._moves(kind)
    return device("cpu", index)


def _items(kind: type) -> Callable[..., Any]:
    def made(hearing: _Hearing, items: Any = ()) -> Any:
        if type(items) not in (list, tuple):
            raise TypeError("a set that is not made of a list")
        return kind(items)

    return made


#: Names that stand for something without being applied.
_NAMES = frozenset(["torch Tensor", "torch._tensor Tensor", TENSOR])
_MAKERS: dict[str, Callable[..., Any]] = {
    TENSOR: _Hearing.tensor,
    PARAMETER: _Hearing.parameter,
    ATTRIBUTES: _Hearing.with_attributes,
    "collections OrderedDict": _ordered,
    "torch Size": _size,
    "torch device": _device,
    "_codecs encode": _encoded,
    **{f"{home} bytes": _no_bytes for home in ("__builtin__", "builtins")},
    **{f"{home} complex": _complex for home in ("__builtin__", "builtins")},
    **{f"{home} set": _items(set) for home in ("__builtin__", "builtins")},
    **{f"{home} frozenset": _items(frozenset) for home in ("__builtin__", "builtins")},
}
_LITERALS = frozenset(
    [
        "BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
        "BINBYTES", "SHORT_BINBYTES", "BINBYTES8",
    ]
)  # fmt: skip


def _ignored(hearing: _Hearing, argument: Any) -> None:
    """Words about the words: the protocol, frames."""


def _tuple(count: int) -> Callable[[_Hearing, Any], None]:
    return lambda hearing, argument: hearing.push(hearing.last(count))


_WORDS: dict[str, Callable[[_Hearing, Any], None]] = {
    "PROTO": _ignored,
    "FRAME": _ignored,
    "NONE": lambda hearing, argument: hearing.push(None),
    "NEWTRUE": lambda hearing, argument: hearing.push(True),
    "NEWFALSE": lambda hearing, argument: hearing.push(False),
    "MARK": lambda hearing, argument: hearing.push(_MARK),
    "POP_MARK": lambda hearing, argument: hearing.since_mark().clear(),
    "EMPTY_TUPLE": lambda hearing, argument: hearing.push(()),
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "TUPLE": lambda hearing, argument: hearing.push(tuple(hearing.since_mark())),
    "EMPTY_LIST": lambda hearing, argument: hearing.push([]),
    "APPEND": lambda hearing, argument: _appended(hearing, list(hearing.last(1))),
    "APPENDS": lambda hearing, argument: _appended(hearing, hearing.since_mark()),
    "EMPTY_DICT": lambda hearing, argument: hearing.push({}),
    "SETITEM": lambda hearing, argument: hearing.fill(list(hearing.last(2))),
    "SETITEMS": lambda hearing, argument: hearing.fill(hearing.since_mark()),
    "EMPTY_SET": lambda hearing, argument: hearing.push(set()),
    "ADDITEMS": lambda hearing, argument: _added(hearing, hearing.since_mark()),
    "FROZENSET": lambda hearing, argument: hearing.push(frozenset(hearing.since_mark())),
    "BINPUT": lambda hearing, argument: hearing.remember(argument),
    "LONG_BINPUT": lambda hearing, argument: hearing.remember(argument),
    "MEMOIZE": lambda hearing, argument: hearing.remember(None),
    "BINGET": lambda hearing, argument: hearing.recall(argument),
    "LONG_BINGET": lambda hearing, argument: hearing.recall(argument),
    "GLOBAL": lambda hearing, argument: hearing.name(argument),
    "STACK_GLOBAL": lambda hearing, argument: hearing.name(" ".join(map(_text, hearing.last(2)))),
    "REDUCE": lambda hearing, argument: hearing.apply(),
    "BUILD": lambda hearing, argument: hearing.build(),
    "BINPERSID": lambda hearing, argument: hearing.memory(),
}


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError("a name that is no text")
    return value


def _appended(hearing: _Hearing, items: list[Any]) -> None:
    hearing.top(list).extend(items)


def _added(hearing: _Hearing, items: list[Any]) -> None:
    hearing.top(set).update(items)
