"""Spawned processes that work and send messages home; knows nothing of what they do."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any


class Spawned:
    """A process that calls `work(connection, *arguments)`; its other end of the connection is `connection`.

    What depends on the order of a set differs between processes of different `hashing`, and so shows.
    """

    def __init__(self, work: Callable[..., None], *arguments: Any, hashing: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_begin, args=(work, theirs, *arguments), daemon=True)
        with _environment("PYTHONHASHSEED", str(hashing)):
            self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def ended(self) -> int | None:
        """Wait for the end of a process that has closed its connection; its exit code, negative for a signal."""
        self._process.join()
        return self._process.exitcode

    def end(self, *, at_once: bool = False) -> None:
        """End the process, whatever it does; `at_once`: one that hangs in a way that no plea ends, too."""
        self.connection.close()
        if at_once:
            self._process.kill()
        else:
            self._process.terminate()
        self._process.join()


def _begin(work: Callable[..., None], connection: Connection, *arguments: Any) -> None:
    # Ctrl-C reaches every process of a terminal; the one that listens ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    work(connection, *arguments)


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before
