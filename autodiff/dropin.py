"""autodiff in torch's place: `import torch` finds this package, in a context or for a whole script.

Knows modules only by their names: `torch.x.y` is `autodiff.x.y`.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib
import importlib.abc
import importlib.machinery
import re
import runpy
import sys
import traceback
import types
from collections.abc import Iterator, Sequence
from pathlib import Path

_HERE = __name__.rpartition(".")[0]


def _ours(name: str) -> str:
    """The name here of a module of torch's."""
    return _HERE + name.removeprefix("torch")


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds torch and what is below it here."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != "torch" and not fullname.startswith("torch."):
            return None
        try:
            importlib.import_module(_ours(fullname))
        except ModuleNotFoundError as error:
            if error.name is None or not _ours(fullname).startswith(error.name):
                raise  # something that a module of ours needs is not there
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname) from None
        return importlib.machinery.ModuleSpec(fullname, self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        """The machinery makes an empty module, which `exec_module` replaces."""

    def exec_module(self, module: types.ModuleType) -> None:
        # What stands in sys.modules afterwards is what the import statement binds.
        sys.modules[module.__name__] = sys.modules[_ours(module.__name__)]


@contextlib.contextmanager
def as_torch() -> Iterator[types.ModuleType]:
    """Within the context `import torch`, and of anything below it, gives this package; the real one comes back after.

    What was imported before keeps what it has.
    """

    def taken() -> dict[str, types.ModuleType]:
        return {
            name: sys.modules.pop(name) for name in list(sys.modules) if name == "torch" or name.startswith("torch.")
        }

    finder, before = _Finder(), taken()
    sys.meta_path.insert(0, finder)
    try:
        yield importlib.import_module(_HERE)
    finally:
        sys.meta_path.remove(finder)
        taken()
        sys.modules.update(before)


def run(script: str, arguments: Sequence[str]) -> int:
    """Run a script with this package in torch's place; the exit code.

    A name that is missing here ends it with one line: which name, where it was used, and the nearest there is.
    """
    path = Path(script)
    if not path.is_file():
        print(f"autodiff: there is no file {script}", file=sys.stderr)
        return 2
    argv, first = sys.argv[:], sys.path[:]
    sys.argv = [script, *arguments]
    sys.path.insert(0, str(path.resolve().parent))
    try:
        with as_torch():
            runpy.run_path(str(path), run_name="__main__")
    except (AttributeError, ImportError) as error:
        found = missing(error)
        if found is None:
            raise
        print(f"autodiff: {found}", file=sys.stderr)
        return 1
    finally:
        sys.argv, sys.path = argv, first
    return 0


def missing(error: AttributeError | ImportError) -> str | None:
    """What is missing here, where it was used and what is nearest; None for an error of another kind."""
    text = str(error)
    holder = getattr(error, "obj", None)
    kind = holder if isinstance(holder, type) else type(holder)
    if holder is not None and not isinstance(holder, types.ModuleType):
        if not kind.__module__.startswith(_HERE):
            return None
        owner, name, names = f"{_HERE}.{kind.__name__}", error.name or "", dir(holder)
    else:
        if found := re.match(r"module '([\w.]+)' has no attribute '(\w+)'", text):
            owner, name = found.groups()
        elif found := re.match(r"cannot import name '(\w+)' from '([\w.]+)'", text):
            name, owner = found.groups()
        elif found := re.match(r"No module named '(torch[\w.]*)'", text):
            owner, _, name = _ours(found[1]).rpartition(".")
        else:
            return None
        if owner != _HERE and not owner.startswith(_HERE + "."):
            return None
        names = dir(importlib.import_module(owner))
    place = _used(error)
    near = difflib.get_close_matches(name, names, n=1)
    shown = "torch" + owner.removeprefix(_HERE)
    hint = f"; the nearest is {shown}.{near[0]}" if near else ""
    return f"{place}: {shown}.{name} is not here yet{hint}"


def _used(error: BaseException) -> str:
    """The last line of the user's own that led to it."""
    frames = traceback.extract_tb(error.__traceback__)
    here = str(Path(__file__).parent)
    own = [f for f in frames if not f.filename.startswith((here, "<frozen")) and "runpy" not in f.filename]
    return f"{own[-1].filename}:{own[-1].lineno}" if own else "somewhere"
