"""One engine runs a script in a process of its own, and tells what it does as it goes."""

from __future__ import annotations

import builtins
import contextlib
import hashlib
import importlib
import runpy
import sys
import traceback
from contextlib import nullcontext
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from parity.engines.reference import nudging
from parity.scripts.watching import shown, watched

#: Sent last: the script's exit code, or its error.
END = "end"


def record(connection: Connection, engine: str, script: str, arguments: tuple[str, ...], nudged: int | None) -> None:
    """Run the script with the engine in torch's place; events are (kind, name, place, arrays or text).

    `nudged`: the number of a run of torch whose results are moved by a rounding each, backward passes and all.
    """
    with contextlib.suppress(BrokenPipeError, EOFError, OSError):
        try:
            with contextlib.ExitStack() as stack:
                lib = importlib.import_module(engine)
                if engine != "torch":
                    lib = stack.enter_context(lib.as_torch())
                _run(lib, connection, script, arguments, nudged)
            connection.send((END, "", "", ""))
        except SystemExit as error:
            connection.send((END, "", "", "" if error.code in (None, 0) else f"SystemExit: {error.code}"))
        except BaseException:
            connection.send((END, "", "", traceback.format_exc()))
    connection.close()


def _run(lib: Any, connection: Connection, script: str, arguments: tuple[str, ...], nudged: int | None) -> None:
    def tell(kind: str, name: str, place: str, what: Any) -> None:
        connection.send((kind, name, place, what))

    def stepped(optimizer: Any, args: Any, kwargs: Any) -> None:
        held: list[Any] = []
        for group in optimizer.param_groups:
            for p in group["params"]:
                held += [*shown(p), *([] if p.grad is None else shown(p.grad))]
        # Last, where the stream of random numbers stands: what layers drew shows there.
        held.append(np.frombuffer(hashlib.sha256(lib.get_rng_state().numpy().tobytes()).digest(), np.uint8))
        tell("step", type(optimizer).__name__, "", held)

    def say(
        *values: Any, sep: str | None = None, end: str | None = None, file: Any = None, flush: bool = False
    ) -> None:
        if file is None or file in (sys.stdout, sys.stderr):
            tell("print", "", "", (sep if sep is not None else " ").join(map(str, values)))

    with lib.autograd.forward_ad.dual_level():
        # torch compiles its rules of forward mode at the first dual tensor, and must not meet watched operators there.
        lib.autograd.forward_ad.make_dual(lib.zeros(()), lib.zeros(()))
    hook = importlib.import_module(f"{lib.__name__}.optim.optimizer").register_optimizer_step_post_hook(stepped)
    plain, builtins.print = builtins.print, say
    argv, sys.argv = sys.argv, [script, *arguments]
    path = sys.path[:]
    sys.path.insert(0, str(Path(script).resolve().parent))
    try:
        with watched(lib, script, tell), nullcontext() if nudged is None else nudging(nudged):
            runpy.run_path(script, run_name="__main__")
    finally:
        hook.remove()
        builtins.print, sys.argv, sys.path[:] = plain, argv, path
