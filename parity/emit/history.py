"""A history as a stand-alone torch script, and as a pytest test; knows no engine."""

from __future__ import annotations

import inspect
import json
import textwrap
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from parity.acts import ACTS, CHECKPOINTED, FUNCTIONS, HOOKS
from parity.emit.script import leaves, module_text
from parity.notation import Notation, listing
from parity.program import Program, Step

#: Told about a hook as it is called.
_TELLING = """
def told(label, hook):
    def called(*given):
        print(label, *given)
        return hook(*given)

    return called
"""
_REFUSED = ("except Exception as error:", '    print(type(error).__name__, error, sep=": ")')
_WIDTH = 110


def history_script(
    program: Program, *, title: str = "", remarks: Sequence[str] = (), raising: Collection[int] = ()
) -> str:
    """Text that imports torch alone, lives the history, and prints what there is after each step.

    `raising` are the numbers of the steps that raise: what they raise is printed.
    """
    notation = Notation(program, "torch.")
    body = [*leaves(program, notation), ""]
    names = notation.names
    for number, step in enumerate(program.steps):
        text = notation.statement(number)
        if number in raising:
            body += [
                "try:",
                f"    {text}",
                "except Exception as error:",
                '    print(type(error).__name__, error, sep=": ")',
            ]
        else:
            body.append(text)
        name = names[len(program.inputs) + number]
        if step.op not in ACTS or ACTS[step.op].result in ("tensor", "tensors"):
            body += [] if number in raising else [f'print("{name} =", {name})']
        if step.op == "backward":
            wanted = [names[i] for i in program.differentiable]
            body += [f'print("{leaf}.grad =", {leaf}.grad)' for leaf in wanted]
    return module_text("\n".join(body), title or f"History {program.id}.", remarks, "".join(_sources(program)))


def _sources(program: Program) -> Iterator[str]:
    """The hooks and functions that the history names, as they are written."""
    used = dict.fromkeys(found for step in program.steps for found in _named(step))
    if any(step.op == "hook" for step in program.steps):
        yield _TELLING
    for function in used:
        yield "\n\n" + _plain(textwrap.dedent(inspect.getsource(function)))


def _named(step: Step) -> Iterator[Callable[..., Any]]:
    if step.op == "hook":
        yield HOOKS[step.args[1]][step.args[2]]
    elif step.op == "apply":
        yield inspect.unwrap(FUNCTIONS[step.args[0]])
    elif step.op == "checkpoint":
        yield CHECKPOINTED[step.args[0]]


def _plain(source: str) -> str:
    """Without what only the type checker reads."""
    for annotation in (": Any", " -> Any", " -> None", "  # type: ignore[misc]", "@functools.cache\n"):
        source = source.replace(annotation, "")
    return source


def history_test(program: Program, *, engine: str, remarks: Sequence[str] = (), label: str = "history") -> str:
    """A test function of its own name with its imports; it holds the history as it was kept, bit for bit."""
    name = "".join(char if char.isalnum() else "_" for char in label)
    document = [
        *(remarks or [f"{engine} lives this history as torch does."]),
        "",
        *listing(program, limit=40, leaves=20),
    ]
    kept = json.dumps(program.to_json(), sort_keys=True)
    lines = textwrap.wrap(kept, _WIDTH - 8, break_long_words=False, break_on_hyphens=False, drop_whitespace=False)
    return "\n".join(
        [
            "import parity",
            "",
            "",
            f"def test_{name}_{program.id}() -> None:",
            '    """' + document[0],
            *(f"    {line}".rstrip() for line in document[1:]),
            '    """',
            "    history = parity.Program.loads(",
            *(f"        {line!r}" for line in lines),
            "    )",
            f'    parity.assert_parity(history, engine="{engine}")',
            "",
        ]
    )
