"""Mismatches found in released engines: each a shrunken program, a script that needs the engine and torch alone, a line
on a page. Knows no engine; whether one is there still is asked by running it again.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from parity import corpus
from parity.compare import compare
from parity.compare.arbiter import Arbiter
from parity.compare.localize import localize
from parity.compare.pairs import Pair
from parity.compare.verdict import Check, Mismatch
from parity.emit.foreign import foreign_script
from parity.emit.history import history_script
from parity.engines.interpreter import execute
from parity.engines.living import BROKEN
from parity.engines.protocol import Raised
from parity.errors import UsageError
from parity.program import Array, Program

FOLDER = "findings"
PAGE = Path("docs/findings.md")
#: What a maintainer would want to know first, and how the page calls it.
RANKS = {
    "ends": "Ends the process, or fails an assertion of its own",
    "value": "Wrong values",
    "gradient": "Wrong gradients",
    "raises": "Raises where there is an answer",
    "special": "nan or infinity where the truth is a number, and the other way round",
    "accuracy": "Digits lost",
}


#: Seconds that a history may take in a process of its own, most of which is the import of torch.
_PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One entry: its file, its program, and what was said when it was kept."""

    path: Path
    program: Program
    about: dict[str, Any]


def everything(root: Path = Path()) -> list[Finding]:
    """What is kept, in the order of the page."""
    entries = [corpus.load(path) for path in sorted((root / FOLDER).glob("*.json"))]
    found = [Finding(entry.path, entry.program, dict(entry.about)) for entry in entries]
    return sorted(found, key=lambda f: (list(RANKS).index(f.about["rank"]), f.about["engine"], f.path.name))


def seen(program: Program, reference: Any, subject: Any, target: str) -> Mismatch | None:
    """The difference that the program shows now and by which the target is wrong; None if there is none."""
    if target == "torch":
        return _ends(program) if program.history else _refused(program, reference) or _far_off(program, reference)
    for mismatch in compare(program, reference, subject, confirm=False).mismatches:
        numberless = mismatch.blame == "convention" and not _finite(mismatch.subject) and _finite(mismatch.reference)
        if mismatch.blame in ("subject", "both") or numberless:
            return replace(localize(program, reference, subject, mismatch), reason=mismatch.reason)
    return None


def _ends(program: Program) -> Mismatch | None:
    """What a history does to a process of its own that lives it on torch alone; None if that comes through."""
    done = subprocess.run(
        [sys.executable, "-c", history_script(program)], capture_output=True, text=True, check=False, timeout=_PATIENCE
    )
    if done.returncode < 0:
        raised = Raised("Crash", f"signal {signal.Signals(-done.returncode).name}", "backward")
    elif BROKEN in done.stderr:
        raised = Raised("RuntimeError", done.stderr.strip().splitlines()[-1].partition(": ")[2], "backward")
    else:
        return None
    why = "what cannot be done is an error that Python can catch"
    return Mismatch("error", -1, None, (), raised, None, None, None, "reference", why, program.steps[-1].op)


def _refused(program: Program, reference: Any) -> Mismatch | None:
    """Where the reference refuses, on the way back, the gradient of values that it has, and there is one."""
    run = execute(program, reference)
    if run.error is None or run.error.moment != "backward":
        return None
    where = program.differentiable[0]
    nothing = np.zeros_like(program.inputs[where].array)
    first = np.zeros(nothing.shape, bool)
    first[(0,) * first.ndim] = True
    judged = next(Arbiter(program, run).judge(Pair("gradient", where, None, nothing, nothing), first))
    if judged.truth is None:
        return None
    op, why = program.steps[-1].op, "there is a gradient, which torch refuses"
    return Mismatch("error", where, None, (0,) * first.ndim, run.error, None, None, judged.truth, "reference", why, op)


def _far_off(program: Program, reference: Any) -> Mismatch | None:
    """Where the reference itself is off the truth by more than a thousandth and ten times what a rounding of the inputs
    would explain.
    """
    run = execute(program, reference)
    moved = program.with_(inputs=tuple(replace(leaf, array=_nudged(leaf.array)) for leaf in program.inputs))
    where = program.differentiable[0] if program.cotangents else len(run.values) - 1
    found = run.gradients[0] if program.cotangents else run.values[where]
    if run.error is not None or not isinstance(found, np.ndarray):
        return None
    pair = Pair("gradient" if program.cotangents else "value", where, None, found, found)
    beside = Arbiter(moved, execute(moved, reference))
    for element in np.ndindex(found.shape):
        doubtful = np.zeros(found.shape, bool)
        doubtful[element] = True
        judged, near = (next(arbiter.judge(pair, doubtful)) for arbiter in (Arbiter(program, run), beside))
        if judged.truth is None or near.truth is None or judged.legal:
            continue
        error = judged.reference_error
        if error > 1e-3 * abs(judged.truth) and error > 10 * abs(near.truth - judged.truth):
            why = f"torch is off by {error:.2g}; a rounding of its inputs moves the truth by less than a tenth of that"
            check: Check = "gradient" if program.cotangents else "value"
            op = program.steps[-1].op
            return Mismatch(check, where, None, element, found[element], None, 0.0, judged.truth, "reference", why, op)
    return None


def _nudged(array: Array) -> Array:
    return np.nextafter(array, array.dtype.type(np.inf)) if array.dtype.kind == "f" else array


def _finite(value: Any) -> bool:
    return isinstance(value, (int, float, np.floating, np.integer)) and bool(np.isfinite(value))


def keep(
    program: Program,
    reference: Any,
    subject: Any,
    *,
    target: str,
    title: str,
    rank: str,
    truth: str = "",
    root: Path = Path(),
) -> Path:
    """Write the program's file and its script; UsageError if the engines agree on it, or if nothing is proved.

    `truth` says what a standard prescribes, and which one, where no arithmetic decides: at infinities and nan.
    """
    if rank not in RANKS:
        raise UsageError(f"there is no rank {rank!r}; there are {', '.join(RANKS)}")
    mismatch = seen(program, reference, subject, target)
    if mismatch is None:
        raise UsageError(f"nothing shows that {target} is wrong on this program")
    if mismatch.truth is None and not truth:
        mismatch = _proved(program, reference, mismatch)
    subject = reference if target == "torch" else subject
    op = (mismatch.op or program.steps[-1].op).rpartition(".")[2]
    name = re.sub(r"[^a-z0-9]+", "-", f"{target} {op} {mismatch.check} {program.id[:4]}".lower()).strip("-")
    about = {
        "engine": target,
        "version": subject.version,
        "torch": reference.version,
        "rank": rank,
        "title": title,
        "op": op,
        "check": mismatch.check,
        "where": mismatch.where,
        "element": list(mismatch.element),
        "torch says": _said(mismatch.reference),
        "engine says": _said(mismatch.reference if target == "torch" else mismatch.subject),
        "truth": truth or _said(mismatch.truth),
        "reason": mismatch.reason,
    }
    path = root / FOLDER / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(program.to_json() | {"about": about}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    heading = f"{title} ({about['engine']} {about['version']})"
    if program.history:
        script = history_script(program, title=heading)
    else:
        script = foreign_script(
            program,
            target,
            getattr(subject, "dialect", None),
            title=heading,
            where=mismatch.where,
            element=mismatch.element,
            truth=str(about["truth"]),
        )
    path.with_suffix(".py").write_text(script, encoding="utf-8")
    return path


def _proved(program: Program, reference: Any, mismatch: Mismatch) -> Mismatch:
    """The mismatch with the truth about one number of what the reference has where the subject raises, or has nan.

    UsageError where the truth does not decide or does not side with the reference: then nothing is proved.
    """
    run = execute(program, reference)
    where = mismatch.where
    if where < 0:
        where = program.differentiable[0] if program.cotangents else len(run.values) - 1
    gradient = program.cotangents and where < len(program.inputs)
    found = run.gradients[program.differentiable.index(where)] if gradient else run.values[where]
    if not isinstance(found, np.ndarray) or run.error is not None:
        raise UsageError(f"{reference.name} has no answer that could be proved")
    element = mismatch.element if mismatch.check != "error" else _telling(found)
    doubtful = np.zeros(found.shape, bool)
    doubtful[element] = True
    pair = Pair("gradient" if gradient else "value", where, None, found, found)
    judgement = next(Arbiter(program, run).judge(pair, doubtful))
    if judgement.blame or judgement.truth is None:
        raise UsageError(f"not proved: {judgement.why or judgement.blame or mismatch.reason}")
    return replace(mismatch, where=where, element=element, reference=found[element], truth=judgement.truth)


def _telling(found: Array) -> tuple[int, ...]:
    """An element that is not 0, if there is one."""
    flat = int(np.argmax(np.abs(found) > 0)) if found.size else 0
    return tuple(int(i) for i in np.unravel_index(flat, found.shape))


def page(found: Sequence[Finding]) -> str:
    """The page of all findings, as Markdown."""
    engines = sorted({f"{f.about['engine']} {f.about['version']}" for f in found})
    lines = [
        "# Findings",
        "",
        "<!-- written by `parity finding --page` -->",
        "",
        *textwrap.wrap(
            f"{len(found)} differences found in released engines ({', '.join(engines)}), each shrunk and proved:"
            " by certified ball arithmetic (python-flint), by the standard or definition that the table names, "
            "or by a process that it ended; where torch is the wrong side, it is listed as any other engine. A "
            "convention that is documented, another legal subgradient at a kink and what an engine says that it"
            " has not are no findings. `findings/NAME.py` needs the engine and torch alone and prints both "
            "beside the truth; `findings/NAME.json` is the program for `parity replay`. Whether they are there "
            "still: `parity finding --check`.",
            118,
        ),
        "",
    ]
    for rank, heading in RANKS.items():
        ranked = [f for f in found if f.about["rank"] == rank]
        if not ranked:
            continue
        lines += [f"## {heading}", "", "| engine | what | it says | torch says | the truth | script |"]
        lines.append("|---|---|---|---|---|---|")
        for f in ranked:
            about = f.about
            cells = [about[key] for key in ("engine", "title", "engine says", "torch says", "truth")]
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + f" | `{f.path.stem}` |")
        lines.append("")
    return "\n".join(lines)


def _said(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (int, float, np.floating, np.integer)):
        return f"{float(value):.9g}"
    if hasattr(value, "type") and hasattr(value, "message"):
        return f"raises {value.type}: {value.message.splitlines()[0] if value.message else ''}".rstrip(": ")[:90]
    return str(value)[:60]
