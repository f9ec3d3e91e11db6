"""torch.return_types: tuples of results whose fields have names. Knows no operator."""

from __future__ import annotations

from operator import itemgetter
from typing import Any, Self


class Results(tuple[Any, ...]):
    """Results by place and by name; prints as torch's.

    Not a namedtuple, which is compiled anew for each class: thirty of them would be a tenth of the import.
    """

    __slots__ = ()
    names: tuple[str, ...] = ()

    def __new__(cls, *values: Any) -> Self:
        if len(values) != len(cls.names):
            raise TypeError(f"{cls.__name__} takes {len(cls.names)} results, got {len(values)}")
        return super().__new__(cls, values)

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)

    def __repr__(self) -> str:
        lines = ",\n".join(f"{name}={value!r}" for name, value in zip(self.names, self))
        return f"torch.return_types.{type(self).__name__}(\n{lines})"


#: Every class, by torch's name.
KINDS: dict[str, type[Results]] = {}


def named(operator: str, *fields: str) -> type[Results]:
    """The class of an operator's results."""
    members: dict[str, Any] = {name: property(itemgetter(place)) for place, name in enumerate(fields)}
    members |= {"__slots__": (), "__module__": "torch.return_types", "names": fields, "n_fields": len(fields)}
    KINDS[operator] = kind = type(operator, (Results,), members)
    return kind


def written(kind: type[Results]) -> type[Results]:
    """The class of the same results where they were written into `out=`: torch has one more for these."""
    name = f"{kind.__name__}_out"
    return KINDS.get(name) or named(name, *kind.names)
