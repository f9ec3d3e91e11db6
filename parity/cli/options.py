"""What several verbs share: targets, streams of JSON lines, values that options take."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import sys
from collections.abc import Iterator
from typing import Any, Literal, TextIO, TypeAlias

from parity.engines.anatomy import OPTIONS
from parity.errors import UsageError

#: What `register` of each verb adds its parser to.
Verbs: TypeAlias = "argparse._SubParsersAction[Any]"


class _Merged(argparse.Action):
    """An option that may be given several times, each time with names of its own."""

    def __call__(self, parser: Any, namespace: argparse.Namespace, values: Any, option: str | None = None) -> None:
        setattr(namespace, self.dest, {**getattr(namespace, self.dest), **values})


def target_options(verb: argparse.ArgumentParser, help: str) -> None:
    verb.add_argument("target", nargs="?", metavar="TARGET", help=help)
    verb.add_argument("--engine", metavar="TARGET", help="the same")


def engine_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--engine-option",
        type=_named,
        action=_Merged,
        default={},
        metavar="NAME=WHAT",
        help=f"of a class, what probing missed: {', '.join(OPTIONS)}; e.g. value=v,grad=g. Of torch.compile: backend",
    )


def process_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--isolate", action="store_true", help="the engine in a process of its own: a crash costs one program"
    )
    verb.add_argument("--python", metavar="PATH", help="the same, in another Python: needs NumPy and the engine there")


def python_of(options: argparse.Namespace) -> str | None:
    """The Python whose process the engine is to run in: "" for this one, None for no process of its own."""
    path: str | None = options.python
    if path is not None and shutil.which(path) is None:
        raise UsageError(f"--python {path}: there is no such program")
    return path or ("" if options.isolate else None)


def jobs_option(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--jobs",
        type=natural,
        default=min(4, os.cpu_count() or 1),
        metavar="N",
        help="processes (default: the cores, at most 4)",
    )


def json_option(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--json", metavar="FILE", help="JSON lines to a file, or to standard output for -")


def target_of(options: argparse.Namespace) -> str | None:
    if options.target and options.engine and options.target != options.engine:
        raise UsageError(f"two targets: {options.target} and --engine {options.engine}")
    target: str | None = options.target or options.engine
    return target


def names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _named(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if not pairs or not all(name.strip() and what.strip() for name, _, what in pairs):
        raise argparse.ArgumentTypeError(f"expected NAME=WHAT, e.g. value=v; got {text!r}")
    return {name.strip(): what.strip() for name, _, what in pairs}


def natural(text: str) -> int:
    if not re.fullmatch(r"\d+", text):
        raise argparse.ArgumentTypeError(f"expected a number that is not negative, got {text!r}")
    return int(text)


def duration(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if not found:
        raise argparse.ArgumentTypeError(f"expected seconds, or 90s, 10m, 2h; got {text!r}")
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


@contextlib.contextmanager
def stream(name: str | None, mode: Literal["w", "a"] = "w") -> Iterator[TextIO | None]:
    """The stream that JSON lines go to, None where none are wanted."""
    if name is None or name == "-":
        yield None if name is None else sys.stdout
        return
    try:
        stream = open(name, mode, encoding="utf-8")  # noqa: SIM115  opening alone may fail here
    except OSError as error:
        raise UsageError(f"--json {name}: cannot be written: {error.strerror}") from None
    with stream:
        yield stream
