"""Data in the words of pickle, protocol 2, as torch would write them; only words, for data is all that is taken."""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff import nn
from autodiff._core import dtypes
from autodiff._core.dtypes import bfloat16
from autodiff._core.geometry import Size, device
from autodiff._core.memory import parts
from autodiff._core.tensor import Tensor
from autodiff._kernels.brain import packed
from autodiff.serialization.names import ATTRIBUTES, MEMORY, PARAMETER, TENSOR

#: What to do instead, by the type's name.
_INSTEAD = {
    "ndarray": "store from_numpy(array)",
    "Generator": "store generator.get_state()",
    "defaultdict": "store dict(it)",
    "Counter": "store dict(it)",
    "frozenset": "store set(it)",
    "range": "store list(it)",
    "slice": "store its three numbers",
}


def said(obj: object) -> tuple[bytes, list[Any]]:
    """The words for an object, and the memories that its tensors lie in, by their number.

    Raises TypeError, naming the place, for what is no data.
    """
    saying = _Saying()
    try:
        saying.say(obj)
    except RecursionError:
        raise RuntimeError(f"save: nested too deeply at obj{''.join(saying.path[:8])}...") from None
    return b"\x80\x02" + bytes(saying.words) + b".", saying.memories


class _Saying:
    def __init__(self) -> None:
        self.words = bytearray()
        self.memories: list[Any] = []
        self._lent: list[Any] = []
        #: Where we are, as one would write it after the object's name.
        self.path: list[str] = []
        #: What has been said, by identity; held, so that no other object takes its place.
        self._said: dict[int, tuple[int, Any]] = {}
        self._names: dict[str, int] = {}
        self._keys: dict[int, tuple[int, dtypes.dtype]] = {}
        self._count = 0

    # -- words ------------------------------------------------------------------------------------------------

    def _remember(self) -> int:
        number = self._count
        self._count += 1
        self.words += b"q" + bytes([number]) if number < 256 else b"r" + struct.pack("<I", number)
        return number

    def _recall(self, number: int) -> None:
        self.words += b"h" + bytes([number]) if number < 256 else b"j" + struct.pack("<I", number)

    def _name(self, name: str) -> None:
        if name in self._names:
            return self._recall(self._names[name])
        self.words += b"c" + name.replace(" ", "\n").encode() + b"\n"
        self._names[name] = self._remember()

    def _made(self, name: str, *arguments: Any) -> None:
        """An object as a call of a function that readers know by its name."""
        self._name(name)
        self._tuple(arguments)
        self.words += b"R"

    # -- data -------------------------------------------------------------------------------------------------

    def say(self, value: Any) -> None:
        """One object, or a reference to it if it was said before."""
        known = self._said.get(id(value))
        if known is not None:
            return self._recall(known[0])
        plain = _PLAIN.get(type(value))
        if plain is not None:
            plain(self, value)
        elif isinstance(value, Tensor):
            self._tensor(value)
        else:
            raise TypeError(self._refusal(value))

    def _refusal(self, value: Any) -> str:
        kind = type(value)
        instead = _INSTEAD.get(kind.__name__, "")
        if isinstance(value, np.generic):
            instead = "store it.item()"
        elif isinstance(value, tuple):
            instead = "store tuple(it)"
        place = f"obj{''.join(self.path)}"
        return (
            f"save: {place} is a {kind.__module__}.{kind.__qualname__}, which is no data that a checkpoint holds: "
            f"{instead or 'store what it is made of, such as its state_dict()'}"
        )

    def _at(self, where: str, value: Any) -> None:
        self.path.append(where)
        self.say(value)
        self.path.pop()

    def _keep(self, value: Any) -> None:
        self._said[id(value)] = (self._remember(), value)

    def _int(self, value: int) -> None:
        if 0 <= value < 256:
            self.words += b"K" + bytes([value])
        elif -(2**31) <= value < 2**31:
            self.words += b"J" + struct.pack("<i", value)
        else:
            digits = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
            short = len(digits) < 256
            self.words += (
                b"\x8a" + bytes([len(digits)]) if short else b"\x8b" + struct.pack("<i", len(digits))
            ) + digits

    def _str(self, value: str) -> None:
        text = value.encode("utf-8", "surrogatepass")
        self.words += b"X" + struct.pack("<I", len(text)) + text
        self._keep(value)

    def _bytes(self, value: bytes) -> None:
        self._made("_codecs encode", value.decode("latin1"), "latin1")
        self._keep(value)

    def _tuple(self, values: tuple[Any, ...]) -> None:
        """The items of a tuple, which nobody else refers to."""
        self.words += b"("
        for value in values:
            self.say(value)
        self.words += b"t"

    def _any_tuple(self, value: tuple[Any, ...]) -> None:
        self.words += b"("
        for i, item in enumerate(value):
            self._at(f"[{i}]", item)
        if id(value) in self._said:  # it lay within itself
            self.words += b"1"
            self._recall(self._said[id(value)][0])
        else:
            self.words += b"t"
            self._keep(value)

    def _list(self, value: list[Any]) -> None:
        self.words += b"]"
        self._keep(value)
        self.words += b"("
        for i, item in enumerate(value):
            self._at(f"[{i}]", item)
        self.words += b"e"

    def _set(self, value: set[Any]) -> None:
        try:
            items = sorted(value)
        except TypeError:
            items = list(value)
        self._made("__builtin__ set", items)
        self._keep(value)

    def _dict(self, value: dict[Any, Any]) -> None:
        if type(value) is dict:
            self.words += b"}"
        else:
            self._made("collections OrderedDict")
        self._keep(value)
        self.words += b"("
        for key, item in value.items():
            self._at(f"[{key!r}]", key)
            self._at(f"[{key!r}]", item)
        self.words += b"u"
        if type(value) is not dict and value.__dict__:
            self._at(".__dict__", dict(value.__dict__))
            self.words += b"b"

    # -- tensors ----------------------------------------------------------------------------------------------

    def _tensor(self, value: Tensor) -> None:
        kind = getattr(type(value), "_fresh", type(value))
        is_parameter = kind is getattr(nn, "Parameter", None)
        if kind is not Tensor and not is_parameter:
            raise TypeError(self._refusal(value))
        if is_parameter:
            self._name(PARAMETER)
            self.words += b"("
            self._bare(value, False)
            self.say(value.requires_grad)
            self.say(OrderedDict())
            self.words += b"tR"
        elif value.__dict__:
            self._name(ATTRIBUTES)
            self.words += b"("
            self._name(TENSOR)
            self._name("torch Tensor")
            self._region(value, value.requires_grad)
            self._at(".__dict__", dict(value.__dict__))
            self.words += b"tR"
        else:
            self._bare(value, value.requires_grad)
        self._keep(value)

    def _bare(self, value: Tensor, requires_grad: bool) -> None:
        self._name(TENSOR)
        self._region(value, requires_grad)
        self.words += b"R"

    def _region(self, value: Tensor, requires_grad: bool) -> None:
        """The memory that a tensor lies in, and where."""
        array, size = value.memory(), value._array.itemsize
        where = parts(array)
        if any(n % size for n in (where.offset, len(where.memory), *where.strides)):
            where = parts(np.array(array))
        memory, held = where.memory, value.dtype
        number, other = self._keys.setdefault(id(memory), (len(self.memories), held))
        if number == len(self.memories):
            self._lent.append(memory)  # no other may have its address meanwhile
            self.memories.append(packed(memory) if held is bfloat16 else memory)
        if other is not held:
            raise RuntimeError(
                "Cannot save multiple tensors or storages that view the same data as different types: "
                f"obj{''.join(self.path)} is {held}, another one {other}"
            )
        self.words += b"(("
        self.say("storage")
        self._name(f"torch {MEMORY[held]}")
        for part in (str(number), "cpu", len(memory) // size):
            self.say(part)
        self.words += b"tQ"
        strides = tuple(n // size for n in where.strides)
        told: tuple[Any, ...] = (where.offset // size, where.shape, strides, requires_grad, OrderedDict())
        for item in told:
            self.say(item)
        self.words += b"t"


_PLAIN: dict[type, Callable[[_Saying, Any], None]] = {
    type(None): lambda saying, value: saying.words.extend(b"N"),
    bool: lambda saying, value: saying.words.extend(b"\x88" if value else b"\x89"),
    int: _Saying._int,
    float: lambda saying, value: saying.words.extend(b"G" + struct.pack(">d", value)),
    complex: lambda saying, value: saying._made("__builtin__ complex", value.real, value.imag),
    str: _Saying._str,
    bytes: _Saying._bytes,
    tuple: _Saying._any_tuple,
    list: _Saying._list,
    dict: _Saying._dict,
    OrderedDict: _Saying._dict,
    set: _Saying._set,
    Size: lambda saying, value: saying._made("torch Size", tuple(value)),
    device: lambda saying, value: saying._made("torch device", str(value)),
    dtypes.dtype: lambda saying, value: saying._name(f"torch {value.name}"),
}
