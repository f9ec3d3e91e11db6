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


def named(operator: str, *fields: str) -> type[Results]:
    """The class of an operator's results."""
    members: dict[str, Any] = {name: property(itemgetter(place)) for place, name in enumerate(fields)}
    members |= {"__slots__": (), "__module__": "torch.return_types", "names": fields, "n_fields": len(fields)}
    return type(operator, (Results,), members)
