"""The process that a handmade engine lives in: runs the cells of a file, then programs, one line each way.

`python -m parity.engines.worker`; the lines are docs/protocol.md's. What the cells print goes nowhere.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import contextlib
import importlib
import json
import os
import resource
import signal
import sys
import time
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TextIO

from parity.engines import resolve
from parity.engines.anatomy import examine
from parity.engines.experiment import Tried, attempt
from parity.engines.handmade import Handmade
from parity.engines.interpreter import execute, writes
from parity.engines.protocol import Raised, Run
from parity.engines.subject import Anatomy, Surroundings
from parity.engines.wire import program_from_json, run_to_json, tried_to_json
from parity.errors import EngineError, ProgramError, UsageError
from parity.program import decoded_step

MODULE = "__main__"
#: The one import from `__future__` that still changes what code means.
_FUTURE = __future__.annotations.compiler_flag
#: Seconds that one call may take while a class is found out.
PROBE_SECONDS = 0.5


class TooLong(BaseException):
    """A cell or a program that took longer than it may; no `except Exception` of the file's holds it back."""


def main() -> None:
    """Answer requests until the other side closes its end."""
    requests, answers = _streams()
    engine: Any = None
    for line in requests:
        request = json.loads(line)
        answer: dict[str, Any]
        try:
            if request["do"] == "load":
                engine, answer = (serve if "engine" in request else load)(request, lambda told: _tell(answers, told))
            elif engine is None:
                raise EngineError("no class is loaded yet")
            elif request["do"] == "supports":
                answer = {"supports": bool(engine.supports(request["op"], request["spelling"]))}
            elif request["do"] == "takes":
                step = decoded_step(request["step"], "the request")
                answer = {"takes": bool(engine.takes(step) if hasattr(engine, "takes") else not writes(step))}
            elif request["do"] == "try":
                answer = {"tried": tried_to_json(tried(engine, request))}
            else:
                answer = {"run": run_to_json(_run(engine, request))}
        except (UsageError, EngineError, ProgramError) as error:
            answer = {"error": [type(error).__name__, str(error)]}
        _tell(answers, {"id": request.get("id"), **answer})


def _streams() -> tuple[TextIO, TextIO]:
    """Where requests come from and answers go; the file's own input is empty, its output goes nowhere."""
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    return requests, answers


def _tell(answers: TextIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


@contextlib.contextmanager
def _limited(seconds: float, error: type[BaseException] = TooLong) -> Iterator[None]:
    """Raise the error after so many seconds; limits nest."""

    def ring(number: int, frame: object) -> None:
        raise error

    begun = time.monotonic()
    before = signal.signal(signal.SIGALRM, ring)
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - begun), 1e-3))


def _probing() -> contextlib.AbstractContextManager[None]:
    """The limit of one of the many calls by which a class is found out."""
    return _limited(PROBE_SECONDS, TimeoutError)


def _run(engine: Any, request: dict[str, Any]) -> Run:
    program = program_from_json(request.get("program"))
    seconds = float(request.get("seconds", 5))
    try:
        with _limited(seconds):
            return execute(program, engine)
    except TooLong:
        error = Raised("TimeoutError", f"not done after {seconds:g} s", getattr(engine, "moment", "program"))
        run: Run = getattr(engine, "running", None) or Run(engine.name)  # what it had by then
        run.error = error
        return run


def tried(engine: Handmade, request: Mapping[str, Any]) -> Tried:
    """What comes of the lines of a "try" request, within its seconds."""
    seconds = float(request.get("seconds", 5))
    try:
        with _limited(seconds):
            return attempt(engine, request["lines"], request["looks"], int(request.get("times", 1)))
    except TooLong:
        return Tried(raised=Raised("TimeoutError", f"not done after {seconds:g} s", "backward"))


# -- loading


def serve(request: dict[str, Any], progress: Callable[[dict[str, Any]], None]) -> tuple[Any, dict[str, Any]]:
    """The engine behind a target of this Python, and what it says of itself."""
    sys.path.insert(0, request.get("folder") or os.getcwd())
    engine = resolve(request["engine"])
    told = {
        "name": engine.name,
        "version": engine.version,
        "dtypes": list(getattr(engine, "dtypes", ("float64", "float32"))),
        "kinds": list(getattr(engine, "kinds", ("tame", "critical", "stress", "shapes", "exact"))),
        "order": getattr(engine, "order", 2),
    }
    return engine, {"engine": told}


def load(request: dict[str, Any], progress: Callable[[dict[str, Any]], None]) -> tuple[Handmade, dict[str, Any]]:
    """The engine of a "load" request and the answer to it; tells before each cell that it begins."""
    memory = int(request.get("memory", 0))
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    seconds = float(request.get("seconds", 10))
    failed: list[dict[str, Any]] = []
    stopped = dict(request.get("stopped", {}))
    name = request["class"]
    sys.path.insert(0, request.get("folder") or os.getcwd())
    made: list[type] = []
    if "module" in request:
        namespace = _imported(request["module"], seconds)
    else:
        namespace = _executed(request, seconds, made, failed, progress)
    progress({"cell": -1})  # what ends the process from here on is no cell
    around = Surroundings(namespace, _probing, lambda what: progress({"cell": -1, "trying": what}), stopped)
    with _limited(seconds):
        try:
            if name:
                cls = _picked(namespace, made, name, request.get("number"), failed)
                anatomy = examine(cls, request.get("options"), around)
            else:
                cls, anatomy = _engine_among(made, request.get("options"), around, failed)
            engine = Handmade(cls, anatomy, request.get("name") or cls.__name__, around)
        except TooLong:
            raise EngineError(f"{name or 'the file'} took longer than {seconds:g} s to look at") from None
    abilities = engine.abilities
    calls = {op: dict(forms) for op, forms in abilities.calls.items()}
    answer = {
        "anatomy": anatomy.to_json(),
        "abilities": {
            "dtype": abilities.dtype,
            "scalar": abilities.scalar,
            "gradients": abilities.gradients,
            "rank": abilities.rank,
        },
        "calls": calls,
        "failed": failed,
        "stopped": stopped,
    }
    return engine, answer


def _engine_among(
    made: list[type], options: Any, around: Surroundings, failed: Sequence[Mapping[str, Any]]
) -> tuple[type, Anatomy]:
    """The last class of which a gradient is to be had."""
    for cls in reversed(made):
        try:
            anatomy = examine(cls, options, around)
        except UsageError:
            continue
        if anatomy.differentiates:
            return cls, anatomy
    listed = _listed([cls.__name__ for cls in made], failed)
    raise UsageError(f"none of its classes shows a gradient after a backward pass; the classes there are: {listed}")


def _imported(name: str, seconds: float) -> dict[str, Any]:
    try:
        with _limited(seconds):
            return vars(importlib.import_module(name))
    except TooLong:
        raise EngineError(f"{name} took longer than {seconds:g} s to import") from None
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            raise UsageError(f"there is no module {name!r} on the path (no {error.name!r})") from None
        raise EngineError(f"{name} cannot be imported: {error}") from error
    except (Exception, SystemExit) as error:
        raise EngineError(f"{name} breaks on import: {type(error).__name__}: {error}") from error


def _executed(
    request: dict[str, Any],
    seconds: float,
    made: list[type],
    failed: list[dict[str, Any]],
    progress: Callable[[dict[str, Any]], None],
) -> dict[str, Any]:
    """What the cells leave; every class that they make is added to `made`, and the cells that fail to `failed`."""

    def build(*args: Any, **kwargs: Any) -> Any:
        cls = builtins.__build_class__(*args, **kwargs)
        if isinstance(cls, type):
            made.append(cls)
        return cls

    module = types.ModuleType(MODULE)
    sys.modules[MODULE] = module
    namespace = vars(module)
    namespace["__builtins__"] = {**vars(builtins), "__build_class__": build, "display": _ignored}
    namespace["__builtins__"]["get_ipython"] = _Shell
    skipped = {int(number): why for number, why in request.get("skip", [])}
    until = time.monotonic() + float(request.get("file_seconds", 1e9))
    for number, (title, code) in enumerate(request["cells"]):
        left = min(seconds, until - time.monotonic())
        if number in skipped or left <= 0:
            failed.append(
                {"cell": title, "error": skipped.get(number, "not run: the cells before it took all the time")}
            )
            continue
        progress({"cell": number})
        try:
            with _limited(left):
                _cell(code, title, namespace, failed)
        except TooLong:
            failed.append({"cell": title, "error": f"not done after {left:g} s"})
        except BaseException as error:
            failed.append({"cell": title, "error": _told(error)})
    return namespace


def _cell(code: str, title: str, namespace: dict[str, Any], failed: list[dict[str, Any]]) -> None:
    """Run a cell as a notebook does, with what its own statements import from `__future__` alone.

    An import that fails is told and stepped over: what a picture or a progress bar is wanted for may not be there.
    """
    flags = 0
    for statement in ast.parse(code, title).body:
        program = compile(ast.Module([statement], []), title, "exec", flags, dont_inherit=True)
        flags |= program.co_flags & _FUTURE
        try:
            exec(program, namespace)
        except ImportError as error:
            if not isinstance(statement, (ast.Import, ast.ImportFrom)):
                raise
            failed.append({"cell": title, "error": _told(error)})


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300]


class _Shell:
    """What a notebook's shell is asked for, by whatever name; nothing comes of it."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return _ignored


def _ignored(*args: Any, **kwargs: Any) -> None:
    """What shows something to somebody, where nobody looks."""


def _picked(
    namespace: dict[str, Any],
    made: list[type],
    name: str,
    number: int | None,
    failed: Sequence[Mapping[str, Any]],
) -> type:
    """The class of that name, the last or the `number`-th of several."""
    if number is not None:
        same = [cls for cls in made if cls.__name__ == name]
        if not 1 <= number <= len(same):
            raise UsageError(f"there is no {name}#{number}: the file makes {len(same)} classes called {name}")
        namespace[name] = same[number - 1]  # its own methods speak of it by that name
    found = namespace.get(name)
    if isinstance(found, type):
        return found
    there = [cls.__name__ for cls in made] or [n for n, what in namespace.items() if isinstance(what, type)]
    raise UsageError(f"there is no class {name!r}; the classes there are: {_listed(there, failed)}")


def _listed(names: Sequence[str], failed: Sequence[Mapping[str, Any]]) -> str:
    """The names of classes, and why there may be fewer than somebody expects."""
    stepped = "; ".join(f"{cell['cell']}: {cell['error']}" for cell in failed[:3])
    more = f"; and {len(failed) - 3} more" if len(failed) > 3 else ""
    return (", ".join(dict.fromkeys(names)) or "none") + (f" (stepped over: {stepped}{more})" if failed else "")


if __name__ == "__main__":
    main()
