"""Code cells out of a notebook, a notebook exported as text, or a Python file; runs nothing and knows no engine."""

from __future__ import annotations

import ast
import itertools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parity.errors import UsageError

#: `In [3]:` of a text export, `# In[3]:` of a notebook exported as Python.
_MARK = re.compile(r"^(?:# *)?In ?\[[ \d*]*\]:? ?(.*)$")
_OUTPUT = re.compile(r"^(?:# *)?Out ?\[[ \d*]*\]:")
#: Continuation lines of an interactive session.
_DOTS = re.compile(r"^ *\.\.\.: ?")
#: A line that is for the notebook's shell: `%matplotlib inline`, `!pip install`, `?help`, `help?`, `files = !ls`.
_SHELL = re.compile(r"^(\s*)(?:[%!?].*|[\w.]+\?\??|[\w, ]+ = ?[%!].*)$")
#: One behind which a statement stands that is run all the same.
_TIMED = re.compile(r"^(\s*)%time +(?=[^-\s])")
#: Where a cell begins in a Python file that an editor shows as cells.
_CELL = re.compile(r"^# ?%%")
#: `%%` lines after which the cell is Python all the same.
_PYTHON = ("%%time", "%%timeit", "%%capture", "%%prun")


@dataclass(frozen=True, slots=True)
class Cell:
    """The code of one cell, and what a report calls it."""

    name: str
    code: str


def cells(path: Path) -> list[Cell]:
    """The code cells of a file, in its order; UsageError for what is no notebook and no Python."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not text in UTF-8") from None
    if path.suffix == ".ipynb":
        return _notebook(path, text)
    lines = text.splitlines()
    if any(_MARK.match(line) for line in lines):
        return _export(lines)
    if path.suffix == ".py":
        return _file(path.name, lines)
    raise UsageError(f"{path} is no notebook (.ipynb), no Python file (.py) and has no `In [n]:` marks")


def _file(name: str, lines: list[str]) -> list[Cell]:
    """A Python file's statements, each by itself: what fails is stepped over; by its cells where it is no Python."""
    starts = [0, *(number for number, line in enumerate(lines) if number and _CELL.match(line)), len(lines)]
    found = []
    for start, end in itertools.pairwise(starts):
        code = plain("\n".join(lines[start:end]))
        try:
            body = ast.parse(code).body
        except (SyntaxError, ValueError):
            found.append(Cell(name if len(starts) == 2 else f"{name}, from line {start + 1}", code))
            continue
        whole = code.split("\n")
        for statement in body:
            first = min(part.lineno for part in (statement, *getattr(statement, "decorator_list", ())))
            number = start + first
            found.append(Cell(f"line {number}", "\n".join(whole[first - 1 : statement.end_lineno])))
    return [cell for cell in found if cell.code.strip()]


def _notebook(path: Path, text: str) -> list[Cell]:
    try:
        record = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is not a notebook: it is not JSON ({error})") from None
    listed = record.get("cells") if isinstance(record, dict) else None
    if listed is None and isinstance(record, dict) and isinstance(record.get("worksheets"), list):
        listed = [c for sheet in record["worksheets"] if isinstance(sheet, dict) for c in sheet.get("cells") or ()]
    if not isinstance(listed, list):
        raise UsageError(f"{path} is not a notebook: its JSON has no list of cells")
    codes = [_source(cell) for cell in listed if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    return [Cell(f"cell {number}", plain(code)) for number, code in enumerate(codes, start=1) if code.strip()]


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input", ""))  # `input` before format 4
    return "".join(part for part in source if isinstance(part, str)) if isinstance(source, list) else str(source)


def _export(lines: list[str]) -> list[Cell]:
    """What stands behind each mark, up to where it stops being Python: there its output begins."""
    blocks: list[list[str]] = []
    output = True
    for line in lines:
        if mark := _MARK.match(line):
            blocks.append([mark[1]])
            output = False
        elif _OUTPUT.match(line):
            output = True
        elif not output:
            blocks[-1].append(_DOTS.sub("", line))
    found = [Cell(f"cell {number}", _longest(plain("\n".join(block)))) for number, block in enumerate(blocks, start=1)]
    return [cell for cell in found if cell.code.strip()]


def _longest(code: str) -> str:
    """The longest run of whole lines from the start that is Python; all of it if none is."""
    lines = code.splitlines()
    for end in range(len(lines), 0, -1):
        head = "\n".join(lines[:end])
        try:
            ast.parse(head)
        except (SyntaxError, ValueError):
            continue
        if head.strip():
            return head
    return code


def plain(code: str) -> str:
    """The code without lines for the notebook's shell; a cell in another language is empty."""
    lines = code.splitlines()
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%") and not first.startswith(_PYTHON):
        return ""
    try:
        ast.parse(code)
    except (SyntaxError, ValueError):
        return "\n".join(_SHELL.sub(r"\1pass", _TIMED.sub(r"\1", line)) for line in lines)
    return code
