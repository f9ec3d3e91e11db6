"""Engines out of process: programs go to a child as lines of JSON, runs come back; knows no engine from inside.

A crash or a hang costs the program that it came with, and the child is started anew.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from parity.engines.channel import GRACE, Channel, Died
from parity.engines.experiment import Tried
from parity.engines.handmade import Abilities
from parity.engines.protocol import Raised, Run
from parity.engines.wire import program_to_json, run_from_json, tried_from_json
from parity.errors import EndedError, EngineError, UsageError
from parity.program import Program, Step

#: Seconds that a cell or an import, all cells of a file, or a program may take.
CELL_SECONDS, FILE_SECONDS, PROGRAM_SECONDS = 20.0, 60.0, 2.0
#: Bytes that the process may map.
MEMORY = 4 << 30
#: How often a file is begun anew because a cell, or a call of the class, ended the process.
_STARTS = 20


@dataclass(frozen=True, slots=True)
class Failed:
    """A cell that was stepped over, and why."""

    cell: str
    error: str


class Child(Channel):
    """An engine that lives in a process of its own and runs whole programs."""

    shares_memory = False
    #: Who does not say which inputs were unused, and answers zeros for None or None for zeros, is not wrong.
    nones = False
    version = ""
    ended = frozenset({"Crash", "TimeoutError"})

    def __init__(self, name: str, request: Mapping[str, Any], options: Mapping[str, str] | None = None) -> None:
        super().__init__(name or "the file")
        said = dict(options or {})
        unwanted = said.pop("skip", "").split("+")
        titles = [title for title, _ in request.get("cells", ())]
        self._skip = [(number, "not run again") for number, title in enumerate(titles) if title in unwanted]
        #: Calls of the class that end its process or hold it up, and how: they were stepped over.
        self.stopped: dict[str, str] = {}
        self._stopped: dict[str, str] = {}
        self._request = {
            "do": "load", "name": name, "options": said, "seconds": CELL_SECONDS, "memory": MEMORY,
            "file_seconds": FILE_SECONDS,
            **request,
        }  # fmt: skip
        loaded = self._start()
        self.anatomy: dict[str, Any] = loaded["anatomy"]
        self.name = name or self.anatomy["cls"]
        self.abilities = Abilities(**loaded["abilities"], calls=loaded["calls"])
        #: The highest order of derivative: values alone where no gradient showed.
        self.order = int(self.abilities.gradients)
        self.dtypes = (self.abilities.dtype,)
        self.kinds = ("tame", "exact") if self.abilities.scalar else ("tame", "shapes", "exact")
        #: Whether a backward pass starts from ones, because `backward` takes no array.
        self.ones = not self.abilities.scalar and self.anatomy["seed"] not in ("array", "tensor")
        #: Whether a zero has a sign: Python's whole numbers, which a class of numbers may hand on, have none.
        self.signed_zeros = not self.abilities.scalar
        self.stopped = {call: how for call, how in loaded.get("stopped", {}).items() if " from " not in call}
        self.failed = [Failed(cell["cell"], cell["error"]) for cell in loaded["failed"]]
        #: Cells that took all their time: whoever starts the file anew can do without (the engine option `skip`).
        self.slow = [cell.cell for cell in self.failed if cell.error.startswith("not done after")]
        self._skip += [(number, "not run again") for number, title in enumerate(titles) if title in self.slow]

    @property
    def broken(self) -> str:
        """Why there are no gradients, where going backward ends the process or holds it up; empty otherwise."""
        going = f"x.{self.anatomy['backward']}()"
        if self.abilities.gradients or going not in self.stopped:
            return ""
        return f"{self.name}: {going} {self.stopped[going]}; values alone were compared"

    def __repr__(self) -> str:
        return f"Child({self.name})"

    # -- what is known without asking

    def dtype(self, name: str) -> str:
        if name != self.abilities.dtype:
            raise AttributeError(f"{self.name} has no dtype {name}")
        return name

    def supports(self, op: str, spelling: str = "function") -> bool:
        return op in self.abilities.calls and spelling in ("function", "method", "operator")

    def takes(self, step: Step) -> bool:
        """Whether a step is called in a way that the engine has."""
        return bool(self.abilities.form(step))

    def lacking(self, program: Program) -> tuple[str, ...]:
        """What the program needs and the engine has not."""
        return self.abilities.lacking(program)

    # -- running

    def run(self, program: Program) -> Run:
        """Run the program over there; a crash or a hang is the run's error."""
        request = {"do": "run", "program": program_to_json(program), "seconds": PROGRAM_SECONDS}
        try:
            if self._process is None:
                self._start()
            answer = self._ask(request, PROGRAM_SECONDS + GRACE)
        except Died as error:
            self.close()
            return Run(self.name, error=Raised(error.type, str(error), "program"))
        return run_from_json(answer["run"], self.name)

    def attempt(self, lines: str, looks: Sequence[str], times: int = 1) -> Tried:
        """Try a few lines over there (`parity.engines.experiment`); a crash or a hang is what came of them."""
        request = {"do": "try", "lines": lines, "looks": list(looks), "times": times, "seconds": PROGRAM_SECONDS}
        try:
            if self._process is None:
                self._start()
            answer = self._ask(request, PROGRAM_SECONDS + GRACE)
        except Died as error:
            self.close()
            return Tried(raised=Raised(error.type, str(error), "backward"))
        return tried_from_json(answer["tried"], self.name)

    # -- the process

    def _start(self) -> dict[str, Any]:
        """Start a process and load the engine; a cell that ends it is stepped over the next time."""
        until = time.monotonic() + 2 * FILE_SECONDS
        for _ in range(_STARTS):
            # matplotlib is to show nothing, and hashing to be the same each time.
            environment = {"MPLBACKEND": "Agg", "PYTHONHASHSEED": os.environ.get("PYTHONHASHSEED", "0")}
            environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
            self._open([sys.executable, "-m", "parity.engines.worker"], environment)
            try:
                # Each cell has its own limit over there; this one is for what holds back even that.
                request = {**self._request, "skip": self._skip, "stopped": self._stopped}
                return self._ask(request, CELL_SECONDS + GRACE)
            except Died as error:
                cell, call = self._cell, self._trying
                self.close()
                if cell == -1 and call and call not in self._stopped and time.monotonic() < until:
                    self._stopped[call] = (
                        f"ends the process: {error}" if error.type == "Crash" else "holds up the process"
                    )
                    continue
                if cell == -1:
                    raise EndedError(f"{self.name}: {error} while the class was looked at") from None
                if cell is None or any(cell == number for number, _ in self._skip) or time.monotonic() > until:
                    raise EndedError(f"{self.name}: {error} before any program ran") from None
                self._skip.append((cell, str(error)))
            except (UsageError, EngineError):
                self.close()
                raise
        raise EngineError(f"{self.name}: {_STARTS} cells or calls ended the process, the last {self._last()}")

    def _last(self) -> str:
        return next((f"{call} ({how})" for call, how in reversed(self._stopped.items())), f"cell {self._cell}")
