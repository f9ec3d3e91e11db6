"""One session of a campaign: units handed out, what comes back written down at once, until time or programs are up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from parity.campaign.crew import Done
from parity.campaign.log import Log
from parity.campaign.state import VERSION, State, replayed
from parity.campaign.units import SIZE, Finding, Unit

LOG = "campaign.log"
#: Seconds that units under way get to finish when the time is up.
_GRACE = 30.0
#: Seconds that are waited for something to happen, until progress is told.
_TICK = 0.2


class Workers(Protocol):
    """Whoever examines units: processes of this machine, or of many."""

    facts: dict[str, Any]
    lost: int

    @property
    def room(self) -> int: ...

    def submit(self, unit: Unit) -> None: ...

    def events(self, seconds: float) -> Iterator[Finding | Done]: ...


class Session:
    """Goes on with a campaign; `state` and the log are in step at every moment."""

    def __init__(self, state: State, log: Log, *, begun: bool) -> None:
        self.state, self.log = state, log
        self.before = state.seconds
        self._started = time.monotonic()
        self._lost = 0
        #: Set from outside, as by Ctrl-C: units under way are given up then.
        self.stopped = False
        if not begun:
            log.append({"type": "campaign", "version": VERSION, "settings": state.settings.to_json()})

    @property
    def seconds(self) -> float:
        """Since the campaign began, without the time between its sessions."""
        return round(self.before + time.monotonic() - self._started, 2)

    def run(
        self,
        workers: Workers,
        *,
        seconds: float | None,
        programs: int | None,
        notify: Callable[[Finding | None], None],
    ) -> None:
        """Until so many seconds have gone, or the campaign has so many programs; `notify` now and then.

        It is handed what is found if nothing like it was known.
        """
        state = self.state
        while not workers.facts:
            for _ in workers.events(_TICK):
                raise AssertionError("nothing was asked for")
            if self.stopped:
                return
            notify(None)
        self._started = time.monotonic()
        versions, ops = workers.facts["versions"], workers.facts["ops"]
        self.log.append({"type": "session", "versions": versions, "ops": list(ops), "seconds": self.before})
        state.session(versions, ops, self.before)
        until = None if seconds is None else self._started + seconds
        while not self.stopped:
            now = time.monotonic()
            over = until is not None and now >= until
            wanted = programs is None or state.programs + state.under_way * SIZE < programs
            while not over and wanted and workers.room and (unit := state.unit()) is not None:
                workers.submit(unit)
                wanted = programs is None or state.programs + state.under_way * SIZE < programs
            if not state.under_way or (until is not None and now > until + _GRACE):
                return
            for event in workers.events(_TICK):
                self._take(event, workers, notify)
            notify(None)

    def _take(self, event: Finding | Done, workers: Workers, notify: Callable[[Finding | None], None]) -> None:
        if isinstance(event, Finding):
            self.log.append({"type": "finding", "finding": event.to_json(), "seconds": self.seconds})
            if self.state.add(event, self.seconds):
                notify(event)
            return
        lost, self._lost = workers.lost - self._lost, workers.lost
        harvest = event.harvest.to_json()
        self.log.append(
            {"type": "unit", "number": event.number, "harvest": harvest, "seconds": self.seconds, "lost": lost}
        )
        self.state.done(event.number, harvest, self.seconds)
        self.state.lost += lost


def begun(folder: Path, state: State) -> tuple[Log, bool]:
    """The log in a folder, and whether `state`, which is brought to where it left off, goes on with it."""
    log = Log(folder / LOG)
    try:
        return log, replayed(log.path, state)
    except BaseException:
        log.close()
        raise
