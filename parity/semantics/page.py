"""docs/semantics.md: each point in torch and in an engine, side by side; written by the answers, not by hand.

`python -m parity.semantics.page ENGINE` writes the page, with `--check` it says whether the page is current.
"""

from __future__ import annotations

import sys
import textwrap
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from parity.catalogue.nodes import NAMED
from parity.engines import reference as torch_reference
from parity.engines import resolve
from parity.errors import UsageError
from parity.semantics.points import BEFORE, POINTS, Point

PAGE = Path("docs/semantics.md")
#: Where the engine does otherwise on purpose: the title of a point, and why.
ON_PURPOSE: dict[str, str] = {}
_LONGEST = 92


def answer(point: Point, lib: Any) -> str:
    """What an engine answers: values, or the type and the beginning of what it raises; and whether it warns."""
    names: dict[str, Any] = {"lib": lib}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec(BEFORE, names)
            exec(point.code, names)
            told = _plain(eval(point.shows, names)) if point.shows != "None" else "no objection"
        except Exception as error:
            told = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return told + (f" ({caught[0].category.__name__})" if caught else "")


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_plain, value))
    if isinstance(value, list):
        return f"[{', '.join(map(_plain, value))}]"
    if hasattr(value, "detach"):
        return str(value.detach().tolist())
    return str(value).removeprefix("autodiff.").removeprefix("torch.")


def same(torchs: str, ours: str) -> bool:
    """Whether two answers agree: errors by their type, values as they are."""
    kind, colon, _ = torchs.partition(":")
    if colon and kind.endswith(("Error", "Exception")):
        return ours.partition(":")[0] == kind
    return torchs == ours


def page(target: str, say: Callable[[str], None] = print) -> str:
    """The page's text. Says on the way where the engine answers otherwise without a reason."""
    subject = resolve(target)
    lines = [
        "# What torch does, point by point",
        "",
        f"Made by `python -m parity.semantics.page {target}`: the statements run in torch and in {target}, and the two",
        "answers are held against each other. `x`, `w` are `[1, 2, 3]` and `[4, 5, 6]`, `m` is `[[1, 2], [3, 4]]`,",
        "all float64 and requiring grad; `c` is the constant `[1, 1, 2]`; what is looked at stands after the arrow.",
        "Random histories (`parity run --kind histories`) look at everything, after every step.",
    ]
    agreed = 0
    topic = ""
    others: list[str] = []
    with torch_reference.settings() as reference:
        for point in POINTS:
            if point.topic != topic:
                topic = point.topic
                lines += ["", f"## {topic}", "", "| | | torch |", "|---|---|---|"]
            torchs, ours = answer(point, reference.module), answer(point, subject.module)
            agreed += same(torchs, ours)
            if not same(torchs, ours):
                why = ON_PURPOSE.get(point.title, "")
                others.append(f"- *{point.title}*: {target} says {_cell(ours)}; {why or 'unexplained'}")
                if not why:
                    say(f"{point.topic}: {point.title}: torch {torchs!r}, {target} {ours!r}")
            shown = "" if point.shows == "None" else f" → `{point.shows}`"
            lines.append(f"| {point.title} | `{_one_line(point.code)}`{shown} | {_cell(torchs)} |")
    lines += ["", "## Where the engine differs", ""]
    lines += others or ["Nowhere on this page."]
    lines += ["", f"{agreed} of {len(POINTS)} points agree."]
    lines += [
        "", "## Names of nodes", "",
        "Random histories compare the name of every `grad_fn` after every step. Nobody is held to torch's names in a",
        "gradient's own graph (what `autograd.grad` and `.grad` give), where how a derivative is written shows, nor",
        "in what these operators give:", "",
    ]  # fmt: skip
    by_reason: dict[str, list[str]] = {}
    for op, why in NAMED.items():
        by_reason.setdefault(why, []).append(f"`{op}`")
    lines += [f"- {', '.join(ops)}: {why}" for why, ops in by_reason.items()]
    return "\n".join(lines) + "\n"


def _one_line(code: str) -> str:
    """The statements on one line, as one would say them."""
    parts = [part.strip() for part in code.replace("\n    ", " ").splitlines() if part.strip()]
    return "; ".join(part.rstrip(";") for part in parts).replace(":;", ":").replace("|", "\\|")


def _cell(text: str) -> str:
    return textwrap.shorten(text, _LONGEST, placeholder=" …").replace("|", "\\|")


def main(arguments: Sequence[str]) -> int:
    given = [argument for argument in arguments if argument != "--check"]
    if len(given) != 1:
        raise UsageError("usage: python -m parity.semantics.page ENGINE [--check]")
    text = page(given[0])
    if "--check" in arguments:
        current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
        if not current:
            print(f"{PAGE} is not current: python -m parity.semantics.page {given[0]}")
        return 0 if current and "unexplained" not in text else 1
    PAGE.write_text(text, encoding="utf-8")
    print(f"written: {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
