"""Whether a module like torch has a name of torch's, by attribute or by import; calls no function of it but `zeros`."""

from __future__ import annotations

import importlib
import inspect
from types import ModuleType
from typing import Any, Literal, TypeAlias

from parity.spellings import OPERATORS

#: "refuses": the name is there, and whoever uses it gets an error.
Standing: TypeAlias = Literal["there", "refuses", "missing"]


def standing(module: ModuleType, name: str) -> Standing:
    """Whether the module has what torch calls so (`torch.nn.Linear`, `Tensor.view`, `operator @`), and if it works.

    What does not work is known by its own word: a function, a class' constructor, that is annotated never to return;
    a dtype that `zeros` does not take.
    """
    if name.startswith("operator "):
        symbol = name.removeprefix("operator ")
        calls = [call.__name__.rstrip("_") for sign, call in OPERATORS.values() if sign == symbol]
        name = f"Tensor.__{calls[0]}__" if calls else name
    path = name.split(".")
    found: Any = module
    place: str | None = module.__name__
    for part in path[1:] if path[0] == "torch" else path:
        inside = f"{place}.{part}" if place is not None else None
        if hasattr(found, part):
            found = getattr(found, part)
        elif inside is None or not isinstance(found, ModuleType):
            return "missing"
        else:
            try:
                found = importlib.import_module(inside)
            except ModuleNotFoundError as error:
                if error.name is not None and (inside == error.name or inside.startswith(error.name + ".")):
                    return "missing"
                raise
        place = inside if isinstance(found, ModuleType) else None
    return "refuses" if _refuses(module, found) else "there"


def _refuses(module: Any, found: Any) -> bool:
    if isinstance(found, getattr(module, "dtype", ())):
        try:
            module.zeros(1, dtype=found)
        except (TypeError, RuntimeError):
            return True
        return False
    body = inspect.getattr_static(found, "__new__", None) if inspect.isclass(found) else found
    annotations = getattr(getattr(body, "__func__", body), "__annotations__", {})
    return str(annotations.get("return", "")).rpartition(".")[2] in ("NoReturn", "Never")
