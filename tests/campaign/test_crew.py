"""Processes that are killed, die and hang: nothing is lost but the program under way, and that one is kept."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest

from parity.campaign.crew import Crew, passed_over
from parity.campaign.explorer import Explorer
from parity.campaign.session import LOG, Session, begun
from parity.campaign.state import Settings, State
from parity.campaign.units import SIZE, Finding, Harvest
from parity.catalogue import CATALOGUE
from parity.engines import reference as torch_reference
from parity.engines import resolve
from parity.errors import EngineError
from parity.planning import plan
from parity.program import decoded
from tests.campaign.conftest import OPS
from tests.campaign.test_state import fingerprint
from tests.harness.conftest import WRONG_EXP

#: `sin` of one element ends the process, `t` of a matrix of eight rows hangs it.
DEADLY = """
import os, time

def sin(input):
    if input.shape == (1,):
        os.kill(os.getpid(), 11)
    return torch.sin(input)

def t(input):
    while input.shape == (8, 3):
        time.sleep(1)
    return torch.t(input)
"""


def run(target: str, folder: Path, programs: int, patience: float = 30.0, each=lambda crew: None) -> tuple[State, Crew]:
    settings = Settings(target, ops=OPS)
    state = State(settings, plan(target, CATALOGUE, profile="nightly", seed=0, ops=OPS))
    log, there = begun(folder, state)
    crew = Crew(state.plan, 2, patience)
    with log:
        session = Session(state, log, begun=there)
        try:
            session.run(crew, seconds=None, programs=programs, notify=lambda _: each(crew))
        finally:
            crew.close()
    return state, crew


def alone(target: str, units: int) -> State:
    """What one process finds in so many units."""
    state = State(Settings(target, ops=OPS), plan(target, CATALOGUE, profile="nightly", seed=0, ops=OPS))
    with torch_reference.settings() as reference:
        explorer = Explorer(state.plan, reference, resolve(target))
        for _ in range(units):
            unit = state.unit()
            assert unit is not None
            harvest = Harvest()
            for examined in explorer.examine(unit):
                harvest.add(examined)
                if examined.finding is not None:
                    state.add(examined.finding, 0.0)
            state.done(unit.number, harvest.to_json(), 0.0)
    return state


def test_workers_killed_at_random_lose_nothing(engine, tmp_path: Path) -> None:
    target = engine("halfexpc", WRONG_EXP)
    rng, killed = random.Random(0), []

    def kill(crew: Crew) -> None:
        alive = sorted(set(crew.pids) - set(killed))
        if len(killed) < 2 and crew.facts and alive and rng.random() < 0.5:
            killed.append(rng.choice(alive))
            os.kill(killed[-1], signal.SIGKILL)

    state, crew = run(target, tmp_path / "two", 3 * SIZE, each=kill)
    assert crew.lost == len(killed) == 2
    assert fingerprint(state) == fingerprint(alone(target, 3))
    assert ("gradient", "exp") in state.found


def test_programs_that_end_or_hang_a_process_are_found_kept_and_made_small(engine, tmp_path: Path) -> None:
    target = engine("deadly", DEADLY)
    state, crew = run(target, tmp_path / "log", SIZE, patience=2.5)
    assert crew.lost >= 2
    assert {("crash", "sin"), ("hang", "t")} <= state.found.keys()
    crash, hang = state.found["crash", "sin"].finding, state.found["hang", "t"].finding
    for finding, op, how in ((crash, "sin", "signal 11 (SIGSEGV)"), (hang, "t", "did not end within 2.5 s")):
        assert finding.nature == "crash"
        program = decoded(finding.program, finding.id)
        assert [step.op for step in program.steps] == [op]
        assert how in finding.report
        assert f"deadly raises {'Crash' if op == 'sin' else 'TimeoutError'}" in finding.report
    assert state.programs == SIZE
    assert (tmp_path / "log" / LOG).stat().st_size > 0


def test_an_engine_that_never_starts_is_broken(engine, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("parity.campaign.crew._STARTS", 2)
    target = engine("stillborn", "import os\nos._exit(7)")
    with pytest.raises(EngineError, match=r"2 processes ended before they were ready: .* exit code 7"):
        run(target, tmp_path, SIZE)


def test_a_program_that_nobody_could_draw_is_passed_over() -> None:
    examined = passed_over(17, 5, "the process was ended by signal 9 (SIGKILL)")
    assert isinstance(examined.finding, Finding)
    assert examined.finding.report.startswith("program 17: 5 processes ended at it")
    assert examined.outcome.status == "differs"
