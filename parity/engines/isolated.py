"""Any engine in a process of its own: an adapter or a module in this or another Python, or a command in any language
that speaks the line protocol (docs/protocol.md). A crash or a hang costs the program that it came with.
"""

from __future__ import annotations

import functools
import json
import os
import shlex
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from parity.engines.channel import GRACE, Channel, Died
from parity.engines.handmade import Abilities
from parity.engines.protocol import UNSUPPORTED, Raised, Run
from parity.engines.tabled import lacking
from parity.engines.wire import program_to_json, run_from_json
from parity.errors import EngineError, UsageError
from parity.program import Program, Step

#: What a target begins with that is a command.
COMMAND = "exec:"
#: Seconds that importing an engine and that one program may take: some compile what they run.
LOAD_SECONDS, PROGRAM_SECONDS = 120.0, 30.0


class Isolated(Channel):
    """The engine as it looks from here; what it does not tell when it is loaded is asked when it is needed."""

    shares_memory = False
    flags = False
    nones = False
    ended = frozenset({"Crash", "TimeoutError"})

    def __init__(self, target: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        super().__init__(target)
        self._target, self._command, self._environment = target, command, environment
        answer = self._start()
        told = answer.get("engine")
        if not isinstance(told, dict) or not isinstance(told.get("name"), str):
            self.close()
            raise EngineError(f"{target} does not say who it is: its first answer is {str(answer)[:120]}")
        self.name: str = told["name"]
        self.version = str(told.get("version", ""))
        self.dtypes: tuple[str, ...] = tuple(told.get("dtypes", ("float64",)))
        self.kinds: tuple[str, ...] = tuple(told.get("kinds", ("tame", "shapes", "exact")))
        self.order = int(told.get("order", 1))
        if "calls" in answer:
            scalar = bool(told.get("scalar", False))
            if scalar:
                self.kinds = tuple(kind for kind in self.kinds if kind != "shapes")
            self.abilities = Abilities(self.dtypes[0], scalar, self.order > 0, answer["calls"])

    def __repr__(self) -> str:
        return f"Isolated({self.name} {self.version})"

    # -- what the engine has

    def dtype(self, name: str) -> str:
        if name not in (*self.dtypes, "bool", "int64"):
            raise AttributeError(f"{self.name} has no dtype {name}")
        return name

    def supports(self, op: str, spelling: str = "function") -> bool:
        if hasattr(self, "abilities"):
            return op in self.abilities.calls and spelling in ("function", "method", "operator")
        return self._told("supports", json.dumps({"op": op, "spelling": spelling}))

    def takes(self, step: Step) -> bool:
        """Whether a step is called in a way that the engine has."""
        if hasattr(self, "abilities"):
            return bool(self.abilities.form(step))
        return self._told("takes", json.dumps({"step": step.to_json()}))

    def lacking(self, program: Program) -> tuple[str, ...]:
        """What the program needs and the engine has not."""
        return self.abilities.lacking(program) if hasattr(self, "abilities") else lacking(self, program)

    @functools.lru_cache(maxsize=1 << 14)  # noqa: B019  lives as long as the process, as the engine does
    def _told(self, question: str, about: str) -> bool:
        try:
            self._started()
            return bool(self._ask({"do": question, **json.loads(about)}, PROGRAM_SECONDS)[question])
        except Died as error:
            self.close()
            raise EngineError(f"{self.name}: {error} when it was asked what it {question}") from None

    # -- running

    def run(self, program: Program) -> Run:
        """Run the program over there; a crash or a hang is the run's error."""
        if lacking := self.lacking(program):
            return Run(self.name, error=Raised(UNSUPPORTED, ", ".join(lacking), "step 0"))
        request = {"do": "run", "program": program_to_json(program), "seconds": PROGRAM_SECONDS}
        try:
            self._started()
            answer = self._ask(request, PROGRAM_SECONDS + GRACE)
        except Died as error:
            self.close()
            return Run(self.name, error=Raised(error.type, str(error), "program"))
        return run_from_json(answer.get("run"), self.name)

    def _started(self) -> None:
        if self._process is None:
            self._start()

    def _start(self) -> dict[str, Any]:
        self._open(self._command, self._environment)
        try:
            return self._ask({"do": "load", "engine": self._target, "folder": os.getcwd()}, LOAD_SECONDS)
        except Died as error:
            self.close()
            raise EngineError(f"{self._target}: {error} before any program ran") from None
        except (UsageError, EngineError):
            self.close()
            raise


def load(target: str, python: str = "") -> Isolated:
    """The engine behind a target, run by this Python or by the one at the path `python`; or behind `exec:command`."""
    if target.startswith(COMMAND):
        command = shlex.split(target.removeprefix(COMMAND))
        if not command:
            raise UsageError(f"{target} names no command; a target is e.g. {COMMAND}'node engine.js'")
        return Isolated(target, command, {})
    paths = [_alone()] if python else [path for path in sys.path if path]
    environment = {"PYTHONPATH": os.pathsep.join(paths), "PYTHONHASHSEED": os.environ.get("PYTHONHASHSEED", "0")}
    return Isolated(target, [python or sys.executable, "-m", "parity.engines.worker"], environment)


@functools.cache
def _alone() -> str:
    """A directory with this package and nothing else: another Python has its own NumPy and its own engines."""
    holder = tempfile.TemporaryDirectory(prefix="parity-")
    _HELD.append(holder)
    os.symlink(Path(__file__).parents[1], Path(holder.name) / "parity", target_is_directory=True)
    return holder.name


#: Directories that go when this process ends.
_HELD: list[tempfile.TemporaryDirectory[str]] = []
