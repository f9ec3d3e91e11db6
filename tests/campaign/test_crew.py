"""Processes that are killed, die and hang: nothing is lost but the program under way, and that one is kept."""

from __future__ import annotations

import os
import random
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest
import torch

from parity.campaign import isolation
from parity.campaign.crew import Crew, Done, passed_over
from parity.campaign.explorer import Explorer
from parity.campaign.session import Session, begun
from parity.campaign.state import Settings, State
from parity.campaign.units import SIZE, Examined, Finding, Harvest, Unit
from parity.catalogue import CATALOGUE
from parity.engines import reference as torch_reference
from parity.engines import resolve
from parity.engines.torchlike import TorchLike
from parity.errors import EngineError
from parity.planning import Item, Plan, plan
from parity.program import Input, Program, Ref, Step, decoded
from parity.report.summary import Outcome
from parity.report.text import failure_text
from tests.campaign.conftest import OPS
from tests.campaign.test_state import fingerprint
from tests.harness.conftest import FORWARDING, WRONG_EXP

#: `sin` of one element ends the process.
DEADLY = """
import os

def sin(input):
    if input.shape == (1,):
        os.kill(os.getpid(), 11)
    return torch.sin(input)
"""
#: `t` of a matrix of two rows never comes back.
HANGING = """
import time

def t(input):
    while input.ndim == 2 and len(input) == 2:
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


def test_a_program_that_ends_processes_is_found_kept_and_made_small(engine, tmp_path: Path) -> None:
    state, crew = run(engine("deadly", DEADLY), tmp_path / "log", SIZE)
    assert crew.lost >= 1
    assert state.programs == SIZE
    finding = state.found["crash", "sin"].finding
    assert finding.nature == "crash"
    assert [step.op for step in decoded(finding.program, finding.id).steps] == ["sin"]
    assert "deadly raises Crash: the process was ended by signal 11 (SIGSEGV)" in finding.report


def test_a_program_that_hangs_is_made_small_in_forks(engine) -> None:
    matrix = Input(np.arange(6.0).reshape(2, 3), True)
    program = Program((matrix,), (Step("exp", (Ref(0),)), Step("t", (Ref(1),)), Step("sin", (Ref(2),))), (Ref(3),))
    subject = resolve(engine("hanging", HANGING))
    with torch_reference.settings() as reference:
        end, how = isolation.ending(program, reference, subject, 2.0)
        assert (end, how) == ("hang", "the process did not end within 2 s")
        assert isolation.ending(program, reference, reference, 60.0) == ("", "")
        failure = isolation.explained(program, end, how, reference, subject, patience=2.0, seed=0)
    assert failure.verdict.mismatches[0].op == "t"
    assert len(failure.program.steps) < 3
    assert "hanging raises TimeoutError" in failure_text(failure)


def silent(connection: Connection, plan: Plan, patience: float) -> None:
    """Stands for a worker that hangs at the fourth program, the first time."""
    connection.send(("ready", {"versions": {}, "ops": OPS}))
    unit, done, deaths, _ = connection.recv()
    connection.send(("begun", None))
    for number in unit.programs[done:]:
        if number == 3 and not deaths:
            time.sleep(1000)
        connection.send(("examined", Examined(Outcome(number, "programs", "", "agrees"))))
    connection.recv()


def test_a_process_that_says_nothing_is_replaced(monkeypatch) -> None:
    monkeypatch.setattr("parity.campaign.crew._work", silent)
    crew = Crew(plan("torch", CATALOGUE, ops=OPS), 1, patience=0.5)
    try:
        crew.submit(Unit(0))
        until, events = time.monotonic() + 60, []
        while not events and time.monotonic() < until:
            events += crew.events(0.1)
    finally:
        crew.close()
    (done,) = events
    assert isinstance(done, Done)
    assert done.harvest.count("agrees") == SIZE
    assert crew.lost == 1


def industrious(connection: Connection, plan: Plan, patience: float) -> None:
    """Stands for a worker to which nothing happens."""
    connection.send(("ready", {"versions": {}, "ops": OPS}))
    while True:
        unit, done, _, _ = connection.recv()
        for number in unit.programs[done:]:
            connection.send(("examined", Examined(Outcome(number, "programs", "", "agrees"))))


def test_processes_are_renewed_between_units(monkeypatch) -> None:
    monkeypatch.setattr("parity.campaign.crew._work", industrious)
    monkeypatch.setattr("parity.campaign.crew._RENEWED", 2)
    crew = Crew(plan("torch", CATALOGUE, ops=OPS), 1)
    pids, until = [], time.monotonic() + 120
    try:
        for number in range(4):
            crew.submit(Unit(number))
            pids += crew.pids
            while not crew.room and time.monotonic() < until:
                assert all(isinstance(event, Done) for event in crew.events(0.1))
    finally:
        crew.close()
    assert pids[0] == pids[1] != pids[2] == pids[3]
    assert crew.lost == 0


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


def test_a_program_that_ends_the_reference_while_it_is_drawn_is_its_own(engine) -> None:
    """What was about to run is known, made small without running it here, and not blamed on the subject."""

    class Deadly(TorchLike):
        def call(self, op, args, kwargs, spelling):
            if op == "sin":
                os.kill(os.getpid(), signal.SIGSEGV)
            return super().call(op, args, kwargs, spelling)

    subject = resolve(engine("lively", FORWARDING))
    explorer = Explorer(plan("lively", CATALOGUE, seed=0, ops=OPS), Deadly(torch), subject)
    items = (Item(number, "programs", f"fuzz {number}") for number in range(100))
    findings = (explorer._examined(item, None, 1, False).finding for item in items)
    finding = next(found for found in findings if found is not None)
    assert finding.key == ("crash", "sin")
    assert [step.op for step in decoded(finding.program, finding.id).steps] == ["sin"]
    assert "torch raises Crash: the process was ended by signal 11 (SIGSEGV)" in finding.report
