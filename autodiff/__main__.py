"""`python -m autodiff run script.py ...`: a script with autodiff in torch's place."""

from __future__ import annotations

import sys

from autodiff.dropin import run

_USAGE = "usage: python -m autodiff run SCRIPT [ARGUMENT ...]"


def main(arguments: list[str]) -> int:
    """Exit code: the script's own, 1 for a name that is missing, 2 for a wrong command."""
    if arguments and arguments[0] in ("-h", "--help"):
        print(_USAGE + "\n\nRuns a script that says `import torch` with autodiff in its place.")
        return 0
    if len(arguments) < 2 or arguments[0] != "run":
        print(_USAGE, file=sys.stderr)
        return 2
    return run(arguments[1], arguments[2:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
