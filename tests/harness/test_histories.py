"""Histories: drawn as data, lived by both engines, compared after every step; faults in the tape are seen and named."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

import autodiff
import parity
from parity.acts import ACTS, FUNCTIONS, HOOKS, MODES, available
from parity.compare import compare
from parity.compare.naming import NAMES
from parity.compare.promises import Promises
from parity.emit.history import history_script, history_test
from parity.engines import reference as torch_reference
from parity.engines import resolve
from parity.engines.living import layout_of, live, unlived
from parity.judging import explain
from parity.program import Input, Program, Ref, Step
from parity.report.text import failure_text
from parity.strategies.scribe import draw_history
from parity.strategies.source import Recording, Replayed, Seeded


@pytest.fixture(scope="module")
def torch():
    with torch_reference.settings() as engine:
        yield engine


@pytest.fixture(scope="module")
def subject():
    return resolve("autodiff")


def history(*steps, inputs=None):
    leaves = inputs or (Input(np.array([1.0, 2.0, 3.0]), True), Input(np.array([1.0, 1.0, 2.0])))
    return Program(leaves, steps, (), regime="exact", history=True)


#: x = inputs[0], the incoming gradient inputs[1]; y = 2x, and a backward pass from it.
DOUBLED = Step("mul", (Ref(0), 2.0), {}, "operator")
BACKWARD = Step("backward", ([Ref(2)], [Ref(1)]), {})
SQUARED = Step("mul", (Ref(0), Ref(0)), {}, "operator")


# -- drawing and keeping -----------------------------------------------------------------------------------------------


def test_a_seed_draws_the_same_history_and_its_file_holds_all_of_it(torch):
    for seed in range(40):
        drawn = draw_history(Seeded(seed), torch)
        assert drawn == draw_history(Seeded(seed), torch)
        assert drawn.history
        assert Program.loads(drawn.dumps()) == drawn


def test_the_same_choices_from_another_source_give_the_same_history(torch):
    for seed in range(10):
        recording = Recording(Seeded(seed))
        assert draw_history(recording, torch) == draw_history(Replayed(recording.choices), torch)


def test_every_act_region_hook_and_function_comes_up(torch):
    ops, modes, hooks, functions = set(), set(), set(), set()
    for seed in range(1500):
        for step in draw_history(Seeded(seed), torch).steps:
            ops.add(step.op)
            modes.update(step.modes)
            if step.op == "hook":
                hooks.add(step.args[1:])
            if step.op == "apply":
                functions.add(step.args[0])
    assert set(ACTS) <= ops
    assert set(MODES) == modes
    assert hooks == {(place, kind) for place, kinds in HOOKS.items() for kind in kinds}
    assert functions == set(FUNCTIONS)


def test_what_is_asked_for_alone_is_drawn(torch):
    for seed in range(30):
        drawn = draw_history(Seeded(seed), torch, ops=["mul", "select"], acts=["backward"], modes=[], max_steps=6)
        assert {step.op for step in drawn.steps} <= {"mul", "select", "backward", "ones_like"}
        assert not any(step.modes for step in drawn.steps)


def test_a_file_with_an_unknown_region_is_unsupported_and_no_crash(torch, subject):
    odd = history(Step("neg", (Ref(0),), {}, "function", None, ("no_such_region",)))
    assert compare(odd, torch, subject).missing == ("no_such_region",)


# -- living ------------------------------------------------------------------------------------------------------------


def test_everything_is_observed_after_each_step(torch):
    life = live(history(DOUBLED, BACKWARD, Step("grad", (Ref(0),), {})), torch)
    first, second, third = life.moments
    assert first.left == "tensor"
    assert second.left == "nothing"
    assert [state.node for state in first.states] == ["", "", "MulBackward0"]
    assert first.states[0].grad is None
    assert second.states[0].grad is not None
    assert third.states[0].grad_shares == ((4, -1, False),)
    assert third.shares is None


def test_a_step_that_raises_is_a_moment_and_life_goes_on(torch):
    life = live(history(Step("mul", (Ref(0), 2.0), {}, "inplace"), DOUBLED), torch)
    assert life.moments[0].raised[0] == "RuntimeError"
    assert life.moments[1].raised is None


def test_hooks_are_told_of_with_what_they_are_given(torch):
    life = live(history(DOUBLED, Step("hook", (Ref(2), "tensor", "doubled"), {}), BACKWARD), torch)
    ((label, (image,)),) = life.moments[2].told
    assert label == "hook 1"
    assert np.frombuffer(image[2]).tolist() == [1.0, 1.0, 2.0]


def test_a_cycle_through_a_hook_is_seen_to_outlive_its_references(torch):
    class Keeping:
        """torch, but every view is kept for ever."""

        kept: list = []

        def __getattr__(self, name):
            return getattr(torch, name)

        def call(self, op, args, kwargs, spelling):
            result = torch.call(op, args, kwargs, spelling)
            self.kept.append(result)
            return result

    assert live(history(DOUBLED, BACKWARD), torch).survivors == ()
    assert 2 in live(history(DOUBLED, BACKWARD), Keeping()).survivors


def test_strides_are_told_by_their_order():
    grid = np.zeros((2, 3))
    assert layout_of(grid) == ()
    assert layout_of(grid.T) == (1, 2)
    assert layout_of(np.broadcast_to(np.zeros(3), (2, 3))) == (0, 1)


def test_what_an_engine_lacks_is_named(torch, subject):
    class Bare:
        module = type("bare", (), {"Tensor": type("Tensor", (), {})})

        def supports(self, op, spelling="function"):
            return op != "mul"

        def dtype(self, name):
            return name

    lacking = unlived(history(DOUBLED, BACKWARD), Bare())
    assert lacking == ("backward", "mul")
    acts, modes = available(subject.module)
    assert {"backward", "hook", "apply"} <= set(acts)
    assert {"no_grad", "inference_mode"} <= set(modes)


# -- comparing: the tape made wrong ------------------------------------------------------------------------------------

#: A mechanism, how it is made wrong, and what the report may call it; `parity selftest` names many more.
WRONG = [
    ("staleness", lambda part: lambda memory: None, {"views"}),
    ("versions", lambda part: lambda node: None, {"versions"}),
    ("writing", lambda part: lambda *given, **params: None, {"leaf writing"}),
    ("views", lambda part: lambda view, *rest: None, {"views"}),
]


@pytest.fixture(scope="module")
def sound(torch, subject):
    """Histories on which the engine, as it is, agrees."""
    acts, modes = available(subject.module)
    drawn = (draw_history(Seeded(seed), torch, acts=acts, modes=modes) for seed in range(300))
    return [one for one in drawn if compare(one, torch, subject).status == "agrees"]


@pytest.mark.parametrize(("mechanism", "wrong", "names"), WRONG, ids=[row[0] for row in WRONG])
def test_a_wrong_tape_is_found_shrunk_and_named(torch, subject, sound, mechanism, wrong, names):
    with autodiff.graph.replaced_mechanism(mechanism, wrong):
        found = next((one, v) for one in sound if (v := compare(one, torch, subject)).status == "differs")
        failure = explain(*found, torch, subject)
    assert len(failure.program.steps) <= 5
    assert failure.verdict.mismatches[0].mechanism in names
    text = failure_text(failure)
    assert "<- differs after this step" in text
    assert len(text.splitlines()) <= 25
    assert compare(failure.program, torch, subject).status == "agrees"


def test_an_engine_that_changes_its_mind_is_caught(torch, subject):
    class Moody:
        """The subject, but every second life has another sign."""

        lives = 0

        def __getattr__(self, name):
            return getattr(subject, name)

        def call(self, op, args, kwargs, spelling):
            result = subject.call(op, args, kwargs, spelling)
            self.lives += 1
            return result if self.lives == 1 else -result

    verdict = compare(history(DOUBLED), torch, Moody())
    assert [m.check for m in verdict.mismatches] == ["repeat"]


def test_every_name_has_its_sentence():
    assert all(NAMES.values())


def test_errors_must_be_about_the_same_thing(torch, subject):
    class Confused:
        def __getattr__(self, name):
            return getattr(subject, name)

        def call(self, op, args, kwargs, spelling):
            if spelling == "inplace":
                raise RuntimeError("something about shapes")
            return subject.call(op, args, kwargs, spelling)

    verdict = compare(history(Step("mul", (Ref(0), 2.0), {}, "inplace")), torch, Confused())
    assert verdict.mismatches[0].check == "error"
    assert "leaf" in verdict.mismatches[0].reason


# -- telling -----------------------------------------------------------------------------------------------------------


def test_a_script_runs_in_torch_alone_and_prints_what_hooks_are_given(tmp_path, torch):
    steps = (
        DOUBLED,
        Step("hook", (Ref(2), "tensor", "doubled"), {}),
        Step("apply", ("Square", Ref(2)), {}),
        Step("neg", (Ref(0),), {}, "function", None, ("no_grad",)),
        Step("mul", (Ref(0), 2.0), {}, "inplace"),
        Step("backward", ([Ref(4)], [Ref(1)]), {}),
    )
    path = tmp_path / "history.py"
    path.write_text(history_script(history(*steps), raising={4}))
    told = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True).stdout
    assert "doubled tensor([ 4.,  8., 24.]" in told
    assert "RuntimeError: a leaf Variable that requires grad" in told
    assert "x.grad = tensor([16., 32., 96.]" in told


def test_an_emitted_test_holds_the_history_bit_for_bit():
    text = history_test(history(DOUBLED, BACKWARD), engine="autodiff")
    names: dict = {"__name__": "emitted"}
    exec(text, names)
    (test,) = [value for name, value in names.items() if name.startswith("test_")]
    test()


def test_check_and_assert_parity_take_histories():
    assert parity.check(history(SQUARED, BACKWARD))
    parity.assert_parity(history(SQUARED, BACKWARD, BACKWARD))


@settings(max_examples=15, deadline=None)
@given(parity.strategies.histories(max_steps=8))
def test_hypothesis_draws_histories(drawn):
    assert drawn.history
    assert 1 <= len(drawn.steps) <= 9


def test_the_state_machine_finds_a_fault(subject):
    machine = parity.state_machine(subject, acts=["backward", "zero_"], modes=[])
    # Shrinking a machine's run takes it a minute; what it found is shrunk as a program.
    options = {"stateful_step_count": 12, "deadline": None, "database": None, "derandomize": True}
    options["phases"] = [Phase.generate]
    run_state_machine_as_test(machine, settings=settings(max_examples=20, **options))
    with (
        autodiff.graph.replaced_mechanism("versions", lambda part: lambda node: None),
        pytest.raises(AssertionError, match="error after"),
    ):
        run_state_machine_as_test(machine, settings=settings(max_examples=1200, **options))


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_abridging_ends_with_what_still_fails(seed):
    """Whatever "fails" means: here, that there is a backward pass."""
    from parity.strategies.abridging import abridge

    with torch_reference.settings() as torch:
        drawn = draw_history(Seeded(seed), torch)
        fails = lambda one: any(step.op == "backward" for step in one.steps)
        if fails(drawn):
            short = abridge(drawn, fails, torch)
            assert short.steps[-1].op == "backward"
            assert len(short.steps) <= 2


def test_memory_set_to_each_others_ends():
    """x.data = y and y.data = x: how either lies is asked without going round."""
    steps = (Step("set_data", (Ref(0), Ref(1))), Step("set_data", (Ref(1), Ref(0))), Step("mul", (Ref(0), 2.0)))
    program = Program((Input(np.ones((2, 3))), Input(np.ones((2, 3)))), steps, (), history=True)
    with torch_reference.settings() as torch:
        lives = [live(program, torch) for _ in range(2)]
        assert [Promises(program, torch, *lives).layout(value) for value in (0, 1)] == [True, True]


# -- where torch is wrong by itself ------------------------------------------------------------------------------------

SINGULAR, REGULAR = (Input(np.array([[1.0, 0.0], [0.0, last]]), True) for last in (0.0, 1.0))
FROM = Input(np.array(1.0))
SHOWN = {
    "grad": [Step("backward", ([Ref(2)], [Ref(1)]), {})],
    "value": [Step("autograd.grad", ([Ref(2)], [Ref(0)], [Ref(1)]), {})],
    "hook": [Step("hook", (Ref(0), "tensor", "seen"), {}, "function"), Step("backward", ([Ref(2)], [Ref(1)]), {})],
}


@pytest.mark.parametrize("shown", SHOWN)
def test_a_gradient_that_torch_has_wrong_is_held_against_nobody_however_it_is_seen(torch, subject, shown):
    steps = (Step("det", (Ref(0),), {}, "function"), *SHOWN[shown])
    singular, regular = (Program((x, FROM), steps, (), regime="smooth", history=True) for x in (SINGULAR, REGULAR))
    assert compare(singular, torch, subject).status == "undecided"
    assert compare(regular, torch, subject).status == "agrees"
    with autodiff.graph.replaced("det", 0, lambda rule: lambda *saved: 2 * rule(*saved)):
        assert compare(regular, torch, subject).status == "differs"
