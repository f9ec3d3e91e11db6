"""The harness's own errors, and how each ends a run.

ParityError(AssertionError)      the two engines differ: exit 1
ProgramError(ValueError)         a program file that cannot be read: exit 4
UsageError(ValueError)           unknown target, operator, option or profile: exit 4
EngineError(RuntimeError)        an adapter that breaks before any maths: exit 3
"""

from __future__ import annotations


class ParityError(AssertionError):
    """The subject differs from the reference."""


class ProgramError(ValueError):
    """A program that is damaged, of a newer version, or hostile; the message names the file and the place."""


class UsageError(ValueError):
    """What was asked for does not exist; the message says what was given and what there is."""


class EngineError(RuntimeError):
    """An engine's adapter broke: nothing can be said about the engine behind it."""


class EndedError(EngineError):
    """The engine's process ended by itself: no line of ours tells more."""
