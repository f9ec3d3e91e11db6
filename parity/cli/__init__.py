"""The command `parity`: verbs, options, exit codes; imports no engine before a verb asks for one.

0 agree, 1 mismatch, 2 interrupted, 3 internal error or broken adapter, 4 usage, 5 nothing ran.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

from parity import running
from parity.cli import (
    accuracy,
    bench,
    card,
    coverage,
    diff,
    doctor,
    emit,
    finding,
    fuzz,
    gate,
    grade,
    init,
    merge,
    program,
    replay,
    report,
    run,
    selftest,
)
from parity.cli.codes import AGREE, BROKEN, INTERRUPTED, USAGE
from parity.errors import EndedError, EngineError, ProgramError, UsageError

#: In the order in which the help lists them.
_VERBS = (
    run,
    program,
    gate,
    fuzz,
    merge,
    report,
    diff,
    doctor,
    init,
    card,
    grade,
    replay,
    emit,
    finding,
    selftest,
    accuracy,
    bench,
    coverage,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code."""
    # The command's own directory is on the path, not the one it was called in: `parity run mypkg.mytorch`.
    if "" not in sys.path and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        options = parser().parse_args(argv)
        code: int = options.verb(options)
        return code
    except (UsageError, ProgramError) as error:
        return _complain(str(error))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has gone; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return AGREE
    except EndedError as error:
        print(f"parity: {error}", file=sys.stderr)
        return BROKEN
    except EngineError as error:
        trace = error.trace if isinstance(error, running.BrokenOff) else "".join(traceback.format_exception(error))
        print(f"{trace.rstrip()}\nparity: broken adapter: {error}", file=sys.stderr)
        return BROKEN
    except Exception:
        traceback.print_exc()
        print("parity: internal error: please report it with the traceback above", file=sys.stderr)
        return BROKEN


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command, one verb a module."""
    whole = _Parser(prog="parity", description="The same program in torch and in another engine, compared.")
    verbs = whole.add_subparsers(metavar="VERB", required=True, parser_class=_Parser)
    for verb in _VERBS:
        verb.register(verbs)
    return whole


class _Parser(argparse.ArgumentParser):
    """Complains in one line, with the exit code of this command instead of argparse's 2."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")


def _complain(message: str) -> int:
    print("parity: " + " ".join(message.split()), file=sys.stderr)
    return USAGE
