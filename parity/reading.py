"""JSON that is checked while it is read, with the path to what is wrong; arrays as JSON; knows no program."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from parity.errors import ProgramError

Array = np.ndarray[Any, Any]

DTYPES = frozenset(
    [
        "bool",
        "uint8",
        "int8",
        "int16",
        "int32",
        "int64",
        "float16",
        "float32",
        "float64",
        "complex64",
        "complex128",
    ]
)
_MAX_ELEMENTS = 10_000_000


class Reader:
    """Decodes JSON while it keeps the path of where it is, for the error message."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.path: list[str] = []

    def fail(self, message: str) -> ProgramError:
        return ProgramError(f"{self.source}: at {'.'.join(self.path) or 'the top'}: {message}")

    def at(self, key: str | int, value: Any, read: Callable[[Any], Any]) -> Any:
        self.path.append(str(key))
        result = read(value)
        self.path.pop()
        return result

    def field(self, record: Any, key: str, read: Callable[[Any], Any], default: Any = ...) -> Any:
        if not isinstance(record, dict):
            raise self.fail(f"expected an object, got {type(record).__name__}")
        if key not in record:
            if default is ...:
                raise self.fail(f"the key {key!r} is missing")
            return default
        return self.at(key, record[key], read)

    def each(self, read: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
        def items(values: Any) -> tuple[Any, ...]:
            if not isinstance(values, list):
                raise self.fail(f"expected a list, got {type(values).__name__}")
            return tuple(self.at(i, v, read) for i, v in enumerate(values))

        return items

    def one_of(self, allowed: tuple[str, ...]) -> Callable[[Any], Any]:
        def pick(value: Any) -> Any:
            if value not in allowed:
                raise self.fail(f"expected one of {', '.join(allowed)}, got {value!r}")
            return value

        return pick

    def kind(self, *types: type) -> Callable[[Any], Any]:
        def check(value: Any) -> Any:
            # bool is an int to Python, not to a program.
            if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
                raise self.fail(f"expected {' or '.join(t.__name__ for t in types)}, got {value!r}")
            return value

        return check

    def real(self, value: Any) -> Any:
        if isinstance(value, str):
            try:
                return float.fromhex(value)
            except (ValueError, OverflowError):
                raise self.fail(f"expected a float in hex, got {value!r}") from None
        return self.kind(bool, int, float)(value)

    def number(self, value: Any) -> float:
        """A number in decimal, or "inf", "-inf", "nan"."""
        if value in ("inf", "-inf", "nan"):
            return float(value)
        return float(self.kind(int, float)(value))

    def mapping(self, read: Callable[[Any], Any]) -> Callable[[Any], dict[str, Any]]:
        def items(value: Any) -> dict[str, Any]:
            return {key: self.at(key, item, read) for key, item in self.kind(dict)(value).items()}

        return items

    def document(self, record: Any, format: str, version: int) -> None:
        """Fail unless the record says that it is of this format, and of a version that can be read."""
        found = self.field(record, "format", self.kind(str))
        if found != format:
            self.path = ["format"]
            raise self.fail(f"expected a {format}, got {found!r}")
        given = self.field(record, "version", self.kind(int))
        if given > version:
            self.path = ["version"]
            raise self.fail(f"version {given} is newer than this parity reads ({version}): update parity")

    def natural(self, value: Any) -> Any:
        if self.kind(int)(value) < 0:
            raise self.fail(f"expected a number that is not negative, got {value}")
        return value

    def array(self, record: Any) -> Array:
        dtype = np.dtype(self.field(record, "dtype", self.one_of(tuple(sorted(DTYPES)))))
        shape = self.field(record, "shape", self.each(self.natural))
        if math.prod(shape) > _MAX_ELEMENTS or len(shape) > 32:
            raise self.fail(f"an array of shape {shape} is larger than a program may hold ({_MAX_ELEMENTS} elements)")
        if "base64" in record:
            return self._bytes(record, dtype, shape)
        if dtype.kind == "c":
            element = lambda pair: complex(*self.each(self.real)(pair)[:2])
        else:
            element = self.real
        data = self.field(record, "data", self.each(element))
        if len(data) != math.prod(shape):
            raise self.fail(f"shape {shape} asks for {math.prod(shape)} elements, got {len(data)}")
        try:
            return np.array(data, dtype).reshape(shape)
        except (OverflowError, ValueError, TypeError) as error:
            raise self.fail(f"the data do not fit {dtype.name}: {error}") from None

    def _bytes(self, record: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
        try:
            data = base64.b64decode(self.field(record, "base64", self.kind(str)), validate=True)
        except (binascii.Error, ValueError):
            raise self.fail("the data are not base64") from None
        if len(data) != math.prod(shape) * dtype.itemsize:
            raise self.fail(f"shape {shape} asks for {math.prod(shape) * dtype.itemsize} bytes, got {len(data)}")
        return np.frombuffer(data, dtype.newbyteorder("<")).astype(dtype).reshape(shape)


def array_to_base64(array: Array) -> dict[str, Any]:
    """Dtype, shape and the bytes in C order, the lowest first."""
    data = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
    return {"dtype": array.dtype.name, "shape": list(array.shape), "base64": base64.b64encode(data).decode()}


def array_to_json(array: Array) -> dict[str, Any]:
    flat = array.ravel()
    if array.dtype.kind == "c":
        data: list[Any] = [[_number(z.real), _number(z.imag)] for z in flat.tolist()]
    else:
        data = [_number(x) for x in flat.tolist()]
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": data}


def _number(x: bool | int | float) -> Any:
    return x.hex() if isinstance(x, float) else x
