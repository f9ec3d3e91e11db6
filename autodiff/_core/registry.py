"""The one registry: names of operators to what implements them; filled at import, read by the surfaces.

`ops` is its late-bound namespace: a formula that says `ops.cos(x)` looks the name up when it first runs, so no
family imports another.
"""

from __future__ import annotations

from typing import Any


class Namespace:
    """Operators by attribute; each is found once and then an ordinary attribute."""

    def __getattr__(self, name: str) -> Any:
        try:
            found = PRIMITIVES[name].op if name in PRIMITIVES else FUNCTIONS[name].call
        except KeyError:
            raise AttributeError(f"no operator is called {name!r}") from None
        setattr(self, name, found)
        return found


#: Strict operators with a derivative of their own, by name.
PRIMITIVES: dict[str, Any] = {}
#: Public functions with torch's signature, by qualified name ("add", "nn.functional.relu").
FUNCTIONS: dict[str, Any] = {}

ops = Namespace()


def add_primitive(primitive: Any) -> None:
    """Enter a primitive. Raises ValueError if the name is taken."""
    if primitive.name in PRIMITIVES:
        raise ValueError(f"primitive {primitive.name!r} is registered twice")
    PRIMITIVES[primitive.name] = primitive


def add_function(function: Any) -> None:
    """Enter a public function. Raises ValueError if the name is taken."""
    if function.name in FUNCTIONS:
        raise ValueError(f"function {function.name!r} is registered twice")
    FUNCTIONS[function.name] = function
