"""Engines with planted faults, and a campaign in this process whose units can be had again without running them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from parity.campaign.crew import Done
from parity.campaign.explorer import Explorer
from parity.campaign.session import Session, begun
from parity.campaign.state import Settings, State
from parity.campaign.units import Examined, Finding, Harvest, Unit
from parity.catalogue import CATALOGUE
from parity.engines import reference as torch_reference
from parity.engines import resolve
from parity.planning import plan
from parity.running import facts
from tests.harness.conftest import FORWARDING, WRONG_EXP
from tests.harness.conftest import engine as engine

OPS = ("add", "exp", "sin", "t", "sum")


class Remembering:
    """Examines units in this process, or hands over what came out when the same unit was asked for before."""

    def __init__(self, explorer: Explorer, memory: dict[Unit, list[Examined]]) -> None:
        self.facts = {"versions": facts(explorer.subject, explorer.reference), "ops": explorer.there}
        self.lost = 0
        self.room = 1
        self.explorer, self.memory = explorer, memory
        self._asked: list[Unit] = []

    def submit(self, unit: Unit) -> None:
        self._asked.append(unit)
        self.room = 0

    def events(self, seconds: float) -> Iterator[Finding | Done]:
        for unit in self._asked:
            if unit not in self.memory:
                self.memory[unit] = list(self.explorer.examine(unit))
            harvest = Harvest()
            for examined in self.memory[unit]:
                harvest.add(examined)
                if examined.finding is not None:
                    yield examined.finding
            yield Done(unit.number, harvest)
        self._asked, self.room = [], 1


Campaign = Callable[..., State]


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    """Goes on with the campaign in a folder until it has so many programs; an engine whose `exp` is wrong."""
    folder = tmp_path_factory.mktemp("engines")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        (folder / "halfexpo.py").write_text(FORWARDING + WRONG_EXP)
        subject = resolve("halfexpo")
        memory: dict[Unit, list[Examined]] = {}
        with torch_reference.settings() as reference:

            def go_on(folder: Path, programs: int, **settings) -> State:
                chosen = Settings("halfexpo", ops=OPS, **settings)
                state = State(chosen, plan("halfexpo", CATALOGUE, profile="nightly", seed=chosen.seed, ops=OPS))
                explorer = Explorer(state.plan, reference, subject)
                log, there = begun(folder, state)
                with log:
                    session = Session(state, log, begun=there)
                    session.run(Remembering(explorer, memory), seconds=None, programs=programs, notify=lambda _: None)
                return state

            yield go_on
