"""How far a run is: one line that is rewritten on a terminal, a plain line now and then in a log."""

from __future__ import annotations

import time
from typing import Protocol, TextIO

#: Seconds between two lines of a log, between two states of a terminal's line.
_LOG_EVERY = 10.0
_TERMINAL_EVERY = 0.1
_WIDTH = 79


class Advancing(Protocol):
    """Whatever can say in a line how far it is."""

    def line(self, seconds: float) -> str: ...


class Progress:
    """Writes how far something is to a stream, as often as suits it."""

    def __init__(self, stream: TextIO, summary: Advancing) -> None:
        self.stream, self.summary = stream, summary
        self.terminal = stream.isatty()
        self._started = time.monotonic()
        self._shown = self._started if not self.terminal else 0.0
        self._on_screen = 0

    def update(self) -> None:
        now = time.monotonic()
        if now - self._shown < (_TERMINAL_EVERY if self.terminal else _LOG_EVERY):
            return
        self._shown = now
        line = self.summary.line(now - self._started)[:_WIDTH]
        if self.terminal:
            self.stream.write("\r" + line.ljust(self._on_screen))
            self._on_screen = len(line)
        else:
            self.stream.write(line + "\n")
        self.stream.flush()

    def message(self, text: str) -> None:
        """Something to keep on the screen, above the line."""
        self.clear()
        self.stream.write(text + "\n")
        self.stream.flush()

    def clear(self) -> None:
        """Take the line off a terminal."""
        if self.terminal and self._on_screen:
            self.stream.write("\r" + " " * self._on_screen + "\r")
            self._on_screen = 0
