"""A campaign on Dask: a worker is killed, a program ends its workers, and the findings are those of one process."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from parity.campaign.cluster import Cluster
from parity.campaign.session import Session, begun
from parity.campaign.state import Settings, State
from parity.campaign.units import SIZE
from parity.catalogue import CATALOGUE
from parity.errors import UsageError
from parity.planning import plan
from tests.campaign.conftest import OPS
from tests.campaign.test_crew import alone
from tests.campaign.test_state import fingerprint
from tests.harness.conftest import FORWARDING, WRONG_EXP

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")

#: `sin` of a tensor of four dimensions ends the process, besides the wrong `exp`.
DEADLY = """
import os

def sin(input):
    if input.shape == (2, 2, 2, 2):
        os.kill(os.getpid(), 11)
    return torch.sin(input)
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[distributed.LocalCluster]:
    folder = tmp_path_factory.mktemp("dask")
    (folder / "halfexpd.py").write_text(FORWARDING + WRONG_EXP)
    (folder / "deadlyd.py").write_text(FORWARDING + WRONG_EXP + DEADLY)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]))
        with (
            dask.config.set({"distributed.scheduler.allowed-failures": 1}),
            distributed.LocalCluster(
                n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=folder, silence_logs=50
            ) as started,
        ):
            yield started


def run(cluster, target: str, folder: Path, programs: int, each=lambda state: None) -> tuple[State, Cluster]:
    settings = Settings(target, ops=OPS)
    state = State(settings, plan(target, CATALOGUE, profile="nightly", seed=0, ops=OPS))
    log, there = begun(folder, state)
    workers = Cluster(state.plan, cluster.scheduler_address)
    with log:
        try:
            Session(state, log, begun=there).run(workers, seconds=None, programs=programs, notify=lambda _: each(state))
        finally:
            workers.close()
    return state, workers


def test_with_a_worker_killed_the_findings_are_those_of_one_process(cluster, tmp_path: Path) -> None:
    killed: list[int] = []

    def kill(state: State) -> None:
        if state.programs and not killed:
            with distributed.Client(cluster, set_as_default=False) as client:
                busy = [worker for worker, tasks in client.processing().items() if tasks]
                if busy:
                    killed.extend(client.run(os.getpid, workers=busy[:1]).values())
                    os.kill(killed[0], signal.SIGKILL)

    state, workers = run(cluster, "halfexpd", tmp_path, 3 * SIZE, each=kill)
    assert killed
    assert workers.lost
    assert fingerprint(state) == fingerprint(alone("halfexpd", 3))
    assert ("gradient", "exp") in state.found


def test_a_unit_that_ends_its_workers_is_isolated(cluster, tmp_path: Path) -> None:
    state, _ = run(cluster, "deadlyd", tmp_path, SIZE)
    assert state.programs == SIZE
    assert {("crash", "sin"), ("gradient", "exp")} <= state.found.keys()


def test_without_a_scheduler_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parity.campaign.cluster._CONNECTING", 0.2)
    decided = plan("torch", CATALOGUE, ops=["exp"])
    with pytest.raises(UsageError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        Cluster(decided, "tcp://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'autodiff-parity\[dask\]'"):
        Cluster(decided, "tcp://127.0.0.1:9")
