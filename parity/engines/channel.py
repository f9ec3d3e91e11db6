"""A process that answers requests, one line of JSON each way (docs/protocol.md); knows no request and no answer."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import Any

from parity.errors import EngineError, UsageError

#: How much longer a process is waited for than what it runs may take.
GRACE = 3.0
#: How long it may be silent over one of the calls by which a class is found out, on a busy machine.
TRYING = 8.0


class Died(Exception):
    """The process ended, or said nothing in time; the message says which."""

    @property
    def type(self) -> str:
        """The type of error that a program ends in whose process does."""
        return "TimeoutError" if "in time" in str(self) else "Crash"


class Channel:
    """The process, started when it is asked for, and its lines."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._process: subprocess.Popen[bytes] | None = None
        self._unread = b""
        #: The last cell that the process said it begins.
        self._cell: int | None = None
        #: The last call of the class that it said it tries.
        self._trying = ""
        atexit.register(self.close)

    def close(self) -> None:
        """End the process."""
        process, self._process, self._unread = self._process, None, b""
        if process is not None:
            with contextlib.suppress(OSError):  # it has ended, and nothing of it is left
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):  # what was not written yet has nowhere to go
                        stream.close()

    def _open(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **environment},
                start_new_session=True,  # what it starts, ends with it
            )
        except OSError as error:
            raise UsageError(f"{command[0]} cannot be started: {error.strerror}") from None
        self._cell, self._trying = None, ""

    def _ask(self, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        except OSError:
            raise Died(self._ending()) from None
        while True:
            answer = self._read(seconds if not self._trying else min(seconds, TRYING))
            if "cell" in answer:
                self._cell, self._trying = answer["cell"], answer.get("trying", "")
                continue
            if "error" in answer:
                kind, message = answer["error"]
                raise (UsageError if kind == "UsageError" else EngineError)(f"{self.name}: {message}")
            return answer

    def _read(self, seconds: float) -> dict[str, Any]:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        until = time.monotonic() + seconds
        stream = process.stdout.fileno()
        while b"\n" not in self._unread:
            ready, _, _ = select.select([stream], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise Died(f"the process did not answer in time ({seconds:g} s)")
            part = os.read(stream, 1 << 16)
            if not part:
                raise Died(self._ending())
            self._unread += part
        line, _, self._unread = self._unread.partition(b"\n")
        try:
            answer = json.loads(line)
        except ValueError:
            raise EngineError(f"{self.name} answers what is not JSON: {line[:80]!r}") from None
        if not isinstance(answer, dict):
            raise EngineError(f"{self.name} answers what is no object: {line[:80]!r}")
        return answer

    def _ending(self) -> str:
        assert self._process is not None
        code = self._process.wait()
        return f"the process was ended by signal {-code}" if code < 0 else f"the process ended with exit code {code}"
