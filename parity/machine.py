"""A Hypothesis state machine that lives a history step by step in two engines and stops at the first difference.

Each rule is one way in which a history goes on; after it the subject has to have lived what the reference did.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from parity.acts import available
from parity.compare.histories import compare_lives
from parity.compare.verdict import Verdict
from parity.engines import reference as torch_reference
from parity.notation import listing
from parity.program import Program
from parity.strategies.scribe import Scribe, scribe
from parity.strategies.source import FromHypothesis

#: Steps after which a machine only looks on.
LONGEST = 20


class Differs(AssertionError):
    """The two engines have lived another history; carries it, and the verdict."""

    def __init__(self, program: Program, verdict: Verdict) -> None:
        first = verdict.mismatches[0]
        told = "\n".join(f"    {line}" for line in listing(program, limit=LONGEST))
        super().__init__(f"{first.check} after {first.op or 'a step'}: {first.reason}\n\n{told}")
        self.program, self.verdict = program, verdict


def state_machine(
    engine: Any, *, acts: Iterable[str] | None = None, modes: Iterable[str] | None = None
) -> type[RuleBasedStateMachine]:
    """The class of machines for one subject: `run_state_machine_as_test(state_machine(engine))`, or its `TestCase`.

    `acts` and `modes` are names of `parity.acts`; all that the engine has if None.
    """
    own_acts, own_modes = available(engine.module)
    acts = own_acts if acts is None else tuple(acts)
    modes = own_modes if modes is None else tuple(modes)

    class Lives(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.stack = ExitStack()
            self.reference = self.stack.enter_context(torch_reference.settings())
            self.scribe: Scribe | None = None

        @initialize(data=st.data())
        def begin(self, data: st.DataObject) -> None:
            self.scribe = scribe(FromHypothesis(data), self.reference, acts=acts, modes=modes)

        def go_on(self, data: st.DataObject, way: Any) -> None:
            assert self.scribe is not None
            draft = self.scribe.draft
            draft.source = self.scribe.source = FromHypothesis(data)
            if not self.scribe.attempt(way):
                return
            program = draft.history(pruning=False)
            verdict = compare_lives(program, self.reference, engine)
            if verdict.status == "differs":
                raise Differs(program, verdict)

        def teardown(self) -> None:
            self.stack.close()

    for way in Scribe.ways_of(acts):
        setattr(Lives, way.__name__, _rule(way))
    return Lives


def _rule(way: Any) -> Any:
    def go_on(self: Any, data: st.DataObject) -> None:
        self.go_on(data, way)

    go_on.__name__ = way.__name__
    young = precondition(lambda self: self.scribe is not None and len(self.scribe.draft.steps) < LONGEST)
    return young(rule(data=st.data())(go_on))
