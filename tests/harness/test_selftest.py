"""The self-test tested: faults are found, shrunk and blamed; mutants die; a second evaluation raises no alarm."""

from __future__ import annotations

import ast

import numpy as np
import pytest

import autodiff
from parity.compare import compare
from parity.compare.naming import NAMES
from parity.engines import reference, resolve
from parity.errors import UsageError
from parity.faults import accounts, bounds, lived, mutants, precision, selftest
from parity.faults.candidates import candidates
from parity.faults.equivalent import reason
from parity.faults.mutations import mutants as mutations_of
from parity.faults.planted import CLASSES, FAULTS, Fault, instead, times
from parity.program import Input, Program, Ref, Step
from tests.harness.control import alarms
from tests.harness.control_formulas import TABLE

AUTODIFF = resolve("autodiff")

#: A fault of each of a dozen classes, and the operators whose programs find it; the command plants all of them.
SAMPLE = {
    "tanh × 1.0001": ["tanh"],
    "cumsum's gradient runs along the next axis": ["cumsum"],
    "mm doubles g between its two gradients": ["mm"],
    "the last gradient wins": ["mul", "add"],
    "axis of size 1: the first slice": ["mul", "div"],
    "maximum: all to the first": ["maximum"],
    "where multiplies by its mask": ["where"],
    "log1p as log(1 + x)": ["log1p"],
    "eq answers in float32": ["eq"],
    "what is overwritten is not copied": ["mul", "exp"],
    "views know no base": ["setitem"],
    "views are not told of writes": ["transpose", "mul", "sin"],
    "gather's gradient": ["gather"],
    "mm: the second factor is not transposed": ["mm"],
    "permute goes on instead of back": ["permute"],
    "softmax's whole gradient taken for a constant": ["softmax"],
    "a leaf that requires grad is written": ["mul", "sin"],
}


def test_every_class_has_a_fault():
    assert set(CLASSES) == {fault.family for fault in FAULTS}
    assert len(FAULTS) >= 40
    assert len({fault.title for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize("title", SAMPLE)
def test_a_planted_fault_is_found_shrunk_and_blamed(title):
    (fault,) = (fault for fault in FAULTS if fault.title == title)
    with reference.settings() as torch:
        found = selftest.cases(torch, AUTODIFF, programs=600, profile="gate", ops=SAMPLE[title])
        (trial,) = selftest.trials(found, torch, AUTODIFF, [fault])
    assert trial.outcome == "found", trial


def test_a_fault_that_changes_nothing_is_missed_and_said_to_be():
    """The table itself can fail."""
    harmless = Fault("wrong factor", "tanh × 1", "rule", "tanh", times(1.0), 0, ("tanh",))
    with reference.settings() as torch:
        found = selftest.cases(torch, AUTODIFF, programs=20, ops=["tanh"])
        (trial,) = selftest.trials(found, torch, AUTODIFF, [harmless])
    assert trial.outcome == "missed"


# -- the tape's life ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def histories():
    with reference.settings() as torch:
        return selftest.histories(torch, AUTODIFF, count=1000)


def test_every_class_of_a_tapes_life_has_a_fault():
    assert {fault.family for fault in lived.FAULTS} == set(lived.CLASSES)
    assert len(lived.FAULTS) >= 25
    assert len({fault.title for fault in lived.FAULTS}) == len(lived.FAULTS)
    assert {name for fault in lived.FAULTS for name in fault.blamed} <= set(NAMES)
    assert {fault.steps for fault in lived.FAULTS} == {5}


@pytest.mark.parametrize("fault", lived.FAULTS, ids=lambda fault: fault.title)
def test_random_histories_find_a_fault_of_the_tapes_life(histories, fault):
    with reference.settings() as torch:
        (trial,) = selftest.lives(histories, torch, AUTODIFF, [fault])
        assert trial.outcome == "found", trial
        assert autodiff.is_grad_enabled()
        assert not autodiff.is_inference_mode_enabled()


def test_histories_that_nothing_changes_find_nothing(histories):
    harmless = lived.lived("versions", "touched all the same", "counting", lambda touch: lambda memory: touch(memory))
    with reference.settings() as torch:
        (trial,) = selftest.lives(histories[:60], torch, AUTODIFF, [harmless])
    assert trial.outcome == "missed"


def test_a_part_that_an_engine_has_not_is_left_out():
    absent = Fault("wrong factor", "no such operator", "kernel", "nonesuch", times(2.0), 0, ("nonesuch",))
    with reference.settings() as torch:
        (trial,) = selftest.trials([], torch, AUTODIFF, [absent])
    assert trial.outcome == "not offered"


def test_whole_numbers_that_differ_are_judged_without_a_truth():
    """Balls say nothing of 2 to the power -1 among integers; that both are whole numbers is enough."""
    leaves = tuple(Input(np.array(values), False) for values in ([2, 3, 1], [-1, 2, -3]))
    program = Program(leaves, (Step("pow", (Ref(0), Ref(1))),), ())
    with reference.settings() as torch, AUTODIFF.replaced_kernel("power_of_tensors", instead(lambda x, y: x * y)):
        verdict = compare(program, torch, AUTODIFF)
    assert verdict.status == "differs"
    assert "nothing rounds" in verdict.mismatches[0].reason


def test_an_engine_without_rules_has_no_selftest():
    with reference.settings() as torch, pytest.raises(UsageError, match="rules"):
        list(selftest.trials([], torch, torch))


# -- mutants -----------------------------------------------------------------------------------------------------------

SOURCE = """
import numpy as np

def slope(x, low):
    return np.where(x > low, -x / 2, 0).astype(x.dtype)
"""


def test_what_is_changed():
    found = {(m.before, m.after) for m in mutations_of(SOURCE, "slope.py", "slopes", {})}
    assert {("x > low", "x >= low"), ("-x / 2", "2 / -x"), ("-x / 2", "-x * 2"), ("-x", "x"), ("2", "3")} <= found
    assert any(after == ast.unparse(ast.parse("np.where(x > low, -x / 2, 0)")) for _, after in found)


def test_names_of_mutants_do_not_depend_on_lines():
    again = "# a comment\n\n" + SOURCE
    first, second = ([m.id for m in mutations_of(text, "slope.py", "slopes", {})] for text in (SOURCE, again))
    assert first == second
    assert len(set(first)) == len(first)


def test_mutants_of_an_operator_are_killed():
    with reference.settings() as torch:
        found = selftest.cases(torch, AUTODIFF, programs=100, profile="gate", ops=["sin", "maximum"])
        every = candidates(AUTODIFF, found, ["primitives.elementary", "primitives.choosing"])
        todo = [
            c for c in every if c.cases and any(name in c.id for name in ("sin[", "row sin", "maximum[", "row maximum"))
        ]
        results = list(mutants.run(todo, found, torch, AUTODIFF))
    assert len(results) >= 8
    assert {result.fate for result in results if "row" in result.id} == {"killed"}
    assert sum(result.fate == "killed" for result in results) >= 0.9 * len(results)


def test_a_listed_mutant_that_is_killed_or_gone_is_reported():
    killed = mutants.Result("f:sign:1", "sign", "", "", "killed", "value")
    alive = mutants.Result("f:sign:2", "sign", "", "", "survived")
    groups = accounts.judged([killed, alive], {"f:sign:1": "why", "f:sign:2": "why", "f:sign:3": "why"})
    assert [result.id for result in groups["stale"]] == ["f:sign:1", "f:sign:3"]
    assert [result.id for result in groups["equivalent"]] == ["f:sign:2"]


def test_what_lives_is_given_more_programs_of_the_operators_that_run_it():
    """A fault that the first round would have shown, told as if it had not, and one for which there is a reason."""
    alike = "kernels.creation.alike:sign:1"
    with reference.settings() as torch:
        found = selftest.cases(torch, AUTODIFF, programs=0, profile="gate", ops=["sin", "cos"])
        every = candidates(AUTODIFF, found, ["primitives.elementary"])
        todo = [c for c in every if c.id.startswith("primitives.elementary.sin[") and c.cases]
        lived = [mutants.Result(c.id, c.kind, c.where, c.change, "survived", "", 7) for c in todo]
        known = mutants.Result(alike, "sign", "", "", "survived")
        results = list(accounts.longer([known, *lived], todo, found, [], torch, AUTODIFF, seed=selftest.SEED, jobs=1))
    assert results[0] == known
    assert {result.fate for result in results[1:]} == {"killed"}
    assert len(results) == 1 + len(todo) > 1
    assert all(result.programs > 7 for result in results[1:])


def test_a_place_that_no_program_runs_is_not_reached():
    """A conditional is one line; this operator never draws, so its first branch never runs."""
    with reference.settings() as torch:
        found = selftest.cases(torch, AUTODIFF, programs=0, ops=["nn.functional.rrelu"])
        todo = [c for c in candidates(AUTODIFF, found) if c.id.startswith("kernels.rectifiers.rrelu:")]
        fates = {result.change: result.fate for result in mutants.run(todo, found, torch, AUTODIFF)}
    assert fates["x * noise -> x"] == "not reached"


def test_a_measure_notices_what_is_less_accurate():
    with reference.settings() as torch:
        points = precision.measures(torch, AUTODIFF, ["nn.functional.logsigmoid"])
        every = candidates(AUTODIFF, [], ["kernels.activations"], points)
        todo = [c for c in every if c.id == "kernels.activations.logsigmoid:neighbour:2"]
        fates = list(mutants.run(todo, [], torch, AUTODIFF, measures=points))
    assert not any(point.worse(AUTODIFF) for point in points)
    assert [result.how for result in fates] == ["accuracy of the value of nn.functional.logsigmoid float32"]


@pytest.mark.parametrize(("step", "alike"), [(0.0, True), (2.0**-53, False)])
def test_a_bound_is_proved_by_what_stands_on_either_side_of_it(step, alike):
    near, nearer = (eval(f"lambda x: x {way} 0.5") for way in ("<", "<="))
    table = ((near, lambda x: x / 2), (lambda x: x == x, lambda x: x / 2 + step))
    codes = near.__code__, nearer.__code__
    assert bool(bounds.proof(near, *codes, "x < 0.5 -> x <= 0.5")) is alike, table
    assert not bounds.proof(near, *codes, "x < 0.5 -> x > 0.5"), "another comparison"
    assert not bounds.proof(nearer, *codes, "x < 0.5 -> x <= 0.5"), "no table"


def test_equivalents_have_their_reasons_by_name_or_by_pattern():
    assert reason("kernels.comparison.close:swapped:1", "x - y -> y - x")
    assert not reason("kernels.comparison.close:swapped:1", "x / y -> y / x"), "another change has its number now"
    assert not reason("kernels.elementary.sinc:sign:1", "-x -> x")


# -- the control -------------------------------------------------------------------------------------------------------


def test_a_second_evaluation_raises_no_alarm():
    assert len(TABLE) >= 60
    decided = alarms(600, seed=3)
    assert sum(decided.values()) == 600
    assert not decided["differs"]
    assert not decided["unsupported"]
    assert decided["jitter"] + decided["truth"] > 60, "other bits than torch's: else it would test nothing"


def test_what_only_words_an_error_is_not_changed():
    source = "def f(x):\n    if x > 1:\n        wrong = x - 1\n        raise ValueError(wrong)\n    return x + 2\n"
    changed = {mutant.before for mutant in mutations_of(source, "f.py", "kernels.f", {})}
    assert "x + 2" in changed
    assert "x - 1" not in changed


def test_memory_to_write_into_is_no_part_of_the_answer():
    given = "np.exp(x) if out is None else np.exp(x, out=out)"
    other = "np.exp(x) if out is None else np.cos(x, out=out)"
    for stood, equivalent in ((given, True), (other, False)):
        assert bool(reason("kernels.f:branch:1", f"{stood} -> anything")) is equivalent
