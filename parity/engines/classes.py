"""Targets that name a class: `notebook.ipynb:Value`, `file.py:Tensor#2`, `package.module:Tensor`; runs nothing here."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parity import notebook
from parity.engines.child import Child
from parity.errors import UsageError

_TARGET = re.compile(r"(?P<where>.+):(?P<cls>[^:#/\\]+)(?:#(?P<number>\d+))?")
_FILES = (".ipynb", ".py", ".txt", ".md")


def names_class(target: str) -> bool:
    """Whether a target is a class of a file or of a module, and so an engine of its own process."""
    return ":" in target or target.endswith(_FILES)


def load(target: str, options: Mapping[str, str] | None = None) -> Child:
    """The engine behind the target, in a process of its own.

    UsageError for a file that is not there or no notebook, for a class that is not there (it says which are) or that
    can't be built (it shows what was tried); EngineError for a file that ends or holds up its process.
    """
    found = _TARGET.fullmatch(target)
    if found is None:
        raise UsageError(f"{target}: which class? name it as {target.rstrip(':')}:ClassName")
    return _load(found["where"], found["cls"], found["number"], options)


def load_any(target: str) -> Child:
    """The engine behind a target, or behind a file alone: its last class of which a gradient is to be had."""
    return load(target) if _TARGET.fullmatch(target) else _load(target, "", None, None)


def _load(where: str, cls: str, nth: str | None, options: Mapping[str, str] | None) -> Child:
    if cls and not cls.isidentifier():
        raise UsageError(f"{cls!r} is not the name of a class; a target is e.g. notebook.ipynb:Value")
    request: dict[str, Any] = {"class": cls, "number": int(nth) if nth else None}
    path = Path(where)
    if path.suffix in _FILES or path.exists() or os.sep in where:
        if not path.is_file():
            raise UsageError(f"there is no file {where}")
        cells = notebook.cells(path)
        if not cells:
            raise UsageError(f"{where} has no code")
        request |= {"cells": [[cell.name, cell.code] for cell in cells], "folder": str(path.resolve().parent)}
    elif all(part.isidentifier() for part in where.split(".")):
        request |= {"module": where, "folder": os.getcwd()}
    else:
        raise UsageError(f"{where!r} is neither a file nor the name of a module")
    return Child(cls + (f"#{nth}" if nth else ""), request, options)
