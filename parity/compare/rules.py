"""Which rule of the subject served a step that is to blame: read off the graph that the subject records."""

from __future__ import annotations

from typing import Any

from parity.compare.alone import alone
from parity.compare.verdict import Mismatch
from parity.engines.interpreter import Live, execute
from parity.engines.protocol import Rule
from parity.program import Program


def rule_behind(program: Program, reference: Any, subject: Any, mismatch: Mismatch) -> Rule | None:
    """The rule behind the operator and input that a mismatch blames, if the subject can say.

    The public name may be served by a primitive of another: that one is named, and its own input. Where the gradient
    that was handed in is written to, no input is to blame: it is the rule that comes to the result first, on any way.
    """
    touched = mismatch.check == "touched"
    if not mismatch.op or (mismatch.input is None and not touched):
        return None
    if hasattr(subject, "rules_between"):
        run = execute(program, reference, gradients=False)
        for position in reversed(range(len(program.steps))):
            single = alone(program, run, position) if program.steps[position].op == mismatch.op else None
            input = mismatch.input
            if single is not None and input is None:
                input = next(iter(single.differentiable), None)
            if single is not None and input is not None and input < len(single.inputs):
                found = _recorded(single, subject, mismatch.op, input, last=touched)
                if found is not None:
                    return found
    return subject.rule(mismatch.op, mismatch.input) if hasattr(subject, "rule") and not touched else None


def _recorded(single: Program, subject: Any, op: str, input: int, last: bool) -> Rule | None:
    """Of the rules from the step's input to its result: the one named like the operator, or the first, or the last."""
    live = Live(subject, copying=False)
    for leaf in single.inputs:
        live.add_input(leaf)
    for step in single.steps:
        live.add_step(step)
    made = live.tensors[-1]
    short = op.rpartition(".")[2]
    rules: list[Rule] = []
    for result in made if isinstance(made, tuple) else (made,):
        rules += subject.rules_between(result, live.tensors[input])
    return next((rule for rule in rules if rule.op.startswith(short)), rules[-int(last)] if rules else None)
