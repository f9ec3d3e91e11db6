"""Units examined by the workers of a Dask cluster; knows nothing of how Dask finds, feeds and replaces them.

Dask runs a unit again when its worker died. One that several workers died of goes to a process of its own, where a crew
finds the program. A program that hangs ends its worker, which comes to the same.
"""

from __future__ import annotations

import faulthandler
import json
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from parity.campaign.crew import EXPLAINING, SILENT, Crew, Done
from parity.campaign.explorer import PATIENCE, Explorer
from parity.campaign.units import Finding, Harvest, Unit
from parity.engines import reference as torch_reference
from parity.engines import resolve
from parity.errors import EngineError, ParityError, UsageError
from parity.planning import Plan
from parity.running import facts, probe

#: Units for each thread of the cluster: one that it is at and one that waits.
_AHEAD = 2
#: Seconds that a scheduler may take to answer, and between two looks at who is there.
_CONNECTING, _LOOKING = 10.0, 2.0


class Cluster:
    """Units go to a cluster, findings and finished units come back. UsageError without Dask or a scheduler."""

    def __init__(self, plan: Plan, address: str, patience: float = PATIENCE) -> None:
        self._dask = _dask()
        self.plan, self.patience = plan, patience
        self.facts: dict[str, Any] = {}
        #: Workers that went away, and units that several died of.
        self.lost = 0
        try:
            self._client = self._dask.Client(address, timeout=_CONNECTING, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise UsageError(
                f"no Dask scheduler answers at {address}: {error}; start one by `dask scheduler`"
            ) from None
        self._asked = self._client.submit(told_facts, plan, pure=False)
        self._units: dict[Any, Unit] = {}
        self._isolated: set[int] = set()
        self._workers: set[str] = set()
        self._threads, self._looked = 0, 0.0

    @property
    def room(self) -> int:
        """How many units more the cluster can take."""
        if time.monotonic() - self._looked > _LOOKING:
            self._look()
        return max(0, _AHEAD * self._threads - len(self._units))

    def submit(self, unit: Unit) -> None:
        self._send(examined, unit)

    def events(self, seconds: float) -> Iterator[Finding | Done]:
        """What came back within so many seconds, or as soon as something has."""
        waiting = [*self._units, *([] if self.facts else [self._asked])]
        if not waiting:
            return
        try:
            with self._client.as_current():
                done = self._dask.wait(waiting, timeout=seconds, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            return
        for future in done:
            if future is self._asked:
                self.facts = future.result()
                continue
            unit = self._units.pop(future)
            if future.status == "finished":
                found, harvest = future.result()
                future.release()
                yield from (Finding.from_json(record) for record in found)
                yield Done(unit.number, Harvest.from_json(harvest))
            elif future.status == "error" and not isinstance(future.exception(), self._dask.KilledWorker):
                raise _remote(future.exception())
            elif unit.number in self._isolated and future.status == "error":
                raise EngineError(f"unit {unit.number} ends even workers that only watch it: {future.exception()}")
            else:
                self.lost += future.status == "error"
                self._isolated.add(unit.number)
                self._send(isolated, unit)

    def close(self) -> None:
        try:
            self._look()  # a worker may have gone since the last look
            self._client.cancel([*self._units, self._asked])
        finally:
            self._client.close()

    def _look(self) -> None:
        threads = self._client.nthreads()
        self.lost += len(self._workers - threads.keys())
        self._workers = set(threads)
        self._threads, self._looked = sum(threads.values()), time.monotonic()

    def _send(self, work: Any, unit: Unit) -> None:
        self._units[self._client.submit(work, self.plan, unit, self.patience, pure=False)] = unit


#: What a unit comes to, as JSON: its findings and its harvest.
Came = tuple[list[dict[str, Any]], dict[str, Any]]
#: Engines and torch's settings belong to the process: one unit at a time, however many threads a worker has.
_ALONE = threading.Lock()


def told_facts(plan: Plan) -> dict[str, Any]:
    """On a worker: the versions of what is compared, and the operators that the engine has."""
    with _ALONE, torch_reference.settings() as reference:
        subject = _subject(plan.target, plan.options)
        return {"versions": facts(subject, reference), "ops": Explorer(plan, reference, subject).there}


def examined(plan: Plan, unit: Unit, patience: float) -> Came:
    """On a worker: every program of a unit. One that takes too long ends the process."""
    harvest, found = Harvest(), []
    with _ALONE, _unprofiled(), torch_reference.settings() as reference:
        explorer = Explorer(plan, reference, _subject(plan.target, plan.options), patience)
        try:
            _end_after(SILENT * patience)
            for one in explorer.examine(unit, announce=lambda: _end_after(EXPLAINING * patience)):
                _end_after(SILENT * patience)
                harvest.add(one)
                if one.finding is not None:
                    found.append(one.finding.to_json())
        finally:
            faulthandler.cancel_dump_traceback_later()
    return found, harvest.to_json()


def isolated(plan: Plan, unit: Unit, patience: float) -> Came:
    """On a worker: the unit in a child process, whose crew survives whatever its programs do."""
    done = subprocess.run(
        [sys.executable, "-m", "parity.campaign.cluster"],
        input=pickle.dumps((plan, unit, patience, sys.path)),
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise EngineError(f"the child that was to examine unit {unit.number} ended with exit code {done.returncode}")
    found, harvest = json.loads(done.stdout)
    return found, harvest


def _watched(plan: Plan, unit: Unit, patience: float) -> Came:
    """In that child."""
    crew = Crew(plan, 1, patience)
    found: list[dict[str, Any]] = []
    try:
        crew.submit(unit)
        while True:
            for event in crew.events(1.0):
                if isinstance(event, Done):
                    return found, event.harvest.to_json()
                found.append(event.to_json())
    finally:
        crew.close()


@contextmanager
def _unprofiled() -> Iterator[None]:
    """Without Dask's profiler: it holds all frames for moments, and so tensors that a history has let go of."""
    dask = _dask()
    worker = dask.get_worker()
    callback = worker.periodic_callbacks.get("profile")
    if callback is None:
        yield
        return

    def switch(to: Callable[[], None]) -> None:
        done = threading.Event()

        def switched() -> None:
            to()
            done.set()

        worker.loop.add_callback(switched)
        done.wait()

    switch(callback.stop)
    try:
        with dask.profile.lock:  # the profiler of Dask's own thread
            yield
    finally:
        switch(callback.start)


def _end_after(seconds: float) -> None:
    # It works where the interpreter itself hangs, in a kernel that never comes back.
    faulthandler.dump_traceback_later(seconds, exit=True)


@cache
def _subject(target: str, options: tuple[tuple[str, str], ...]) -> Any:
    subject = resolve(target, dict(options))
    probe(subject)
    return subject


def _remote(error: BaseException) -> BaseException:
    """An error that came from a worker, as it would be here."""
    if isinstance(error, (UsageError, EngineError, ParityError)):
        return error
    return EngineError(f"a worker raised {type(error).__name__}: {error}")


def _dask() -> Any:
    try:
        import distributed
    except ImportError:
        raise UsageError("a campaign on several machines needs Dask: pip install 'autodiff-parity[dask]'") from None
    return distributed


if __name__ == "__main__":
    *work, path = pickle.loads(sys.stdin.buffer.read())
    sys.path[:] = path
    json.dump(_watched(*work), sys.stdout)
