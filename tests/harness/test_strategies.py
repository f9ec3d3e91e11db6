"""Drawing: what programs contain, that they run as recorded, that exact ones are exact; Hypothesis."""

from __future__ import annotations

import collections
import math

import hypothesis
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture.data import ConjectureData

import parity.strategies
from parity.catalogue import CATALOGUE, ELEMENTWISE
from parity.engines import reference
from parity.engines.interpreter import execute
from parity.errors import UsageError
from parity.program import Input, Program, Ref, references
from parity.strategies import arrays, drawing, shapes
from parity.strategies.drawing import draw_program
from parity.strategies.dtypes import names
from parity.strategies.shrinking import shrink
from parity.strategies.single import draw_op, kinds
from parity.strategies.source import FromHypothesis, Recording, Replayed, Seeded

torch = reference.load()


@pytest.fixture(autouse=True)
def _settings():
    with reference.settings():
        yield


def drawn(count, start=0, **options):
    return [draw_program(Seeded(seed), torch, **options) for seed in range(start, start + count)]


def equal(a, b):
    if a is None or b is None:
        return a is b
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(equal, a, b))
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def values(run):
    for value in run.values:
        yield from value if isinstance(value, tuple) else (value,)


# -- programs


def test_the_record_is_what_running_the_program_gives():
    for program, run in drawn(400):
        if any(step.op == "linalg.lstsq" for step in program.steps):
            continue  # its last bits hang on where MKL finds its memory: two runs of torch differ
        again = execute(Program.loads(program.dumps()), torch)
        assert len(run.values) == len(again.values)
        assert all(map(equal, run.values, again.values)), program
        assert all(map(equal, run.gradients, again.gradients)), program
        assert all(map(equal, run.second, again.second)), program
        for name in ("requires_grad", "aliases", "touched", "error"):
            assert getattr(run, name) == getattr(again, name), program


def test_programs_have_all_that_they_should_have():
    seen = collections.Counter()
    programs = drawn(3000)
    for program, run in programs:
        seen[program.regime] += 1
        seen[f"order {program.order}"] += 1
        uses = collections.Counter(ref for step in program.steps for ref in step.refs())
        seen["sharing"] += max(uses.values(), default=0) > 1
        seen["several outputs"] += any(isinstance(value, tuple) for value in run.values)
        seen["several cotangents"] += len(program.outputs) > 1
        seen["0-size"] += any(value.size == 0 for value in values(run))
        seen["0-dim"] += any(leaf.array.ndim == 0 for leaf in program.inputs)
        seen["mixed dtypes"] += len({leaf.array.dtype for leaf in program.inputs}) > 1
        seen["error in place"] += run.error is not None and run.error.moment.startswith("step")
        seen["error in backward"] += run.error is not None and run.error.moment == "backward"
        seen["touched"] += bool(run.touched)
        for leaf in program.inputs:
            seen[leaf.layout] += 1
            seen["no grad"] += leaf.array.dtype.kind == "f" and not leaf.requires_grad
        for step in program.steps:
            seen[step.spelling] += 1
            seen[step.op] += 1
            seen["number on the left"] += step.spelling == "operator" and not isinstance(step.args[0], Ref)
            seen["number on the right"] += len(step.args) > 1 and isinstance(step.args[1], float)
            if CATALOGUE[step.op].family in ELEMENTWISE and [type(arg) for arg in step.args] == [Ref, Ref]:
                a, b = (shape_of(run, ref) for ref in step.args[:2])
                seen["broadcasting"] += a != b
                seen["leading axes"] += len(a) != len(b)
                seen["axes of size 1"] += len(a) == len(b) and a != b
    wanted = {
        "exact": 500, "smooth": 500, "order 1": 500, "order 2": 250, "sharing": 700, "several outputs": 150,
        "several cotangents": 500, "0-size": 40, "0-dim": 200, "mixed dtypes": 300, "error in place": 5,
        "error in backward": 20,
        "touched": 20, "transposed": 50, "stepped": 50, "expanded": 50, "no grad": 200,
        "method": 1000, "operator": 400, "inplace": 200, "augmented": 12, "out": 15, "number on the left": 30,
        "number on the right": 150, "broadcasting": 60, "leading axes": 30, "axes of size 1": 10,
    }  # fmt: skip
    few = {name: seen[name] for name, least in wanted.items() if seen[name] < least}
    assert not few
    # A function that stands in the root and in a namespace has the same arguments: drawn under either name is drawn.
    short = lambda name: name.rpartition(".")[2]
    never = {short(row.name) for row in CATALOGUE.values() if not row.tags & {"random", "stream"}} - set(
        map(short, seen)
    )
    # What comes up once in thousands of programs comes up among a few operators.
    for name in never:
        ops = [row.name for row in CATALOGUE.values() if short(row.name) == name]
        assert any(step.op in ops for program, _ in drawn(200, ops=[*ops, "mul", "sum"]) for step in program.steps), (
            name
        )
    assert len(never) < 6


def shape_of(run, ref):
    value = run.values[ref.index]
    return (value if ref.item is None else value[ref.item]).shape


def test_exact_programs_are_exact():
    """In float32 and in float64 they have the same values and gradients: nothing was ever rounded."""

    def wide(array):
        return array.astype(np.float64) if array is not None and array.dtype == np.float32 else array

    def same(a, b):
        if isinstance(a, tuple):
            return all(map(same, a, b))
        return a is b is None or np.array_equal(a, b, equal_nan=True)  # the median of nothing is nan

    judged = 0
    for program, run in drawn(800, start=10_000, regime="exact", dtypes=("float32", "int64", "bool")):
        if run.error is not None:
            continue
        wider = program.with_(
            inputs=tuple(Input(wide(leaf.array), leaf.requires_grad, leaf.layout) for leaf in program.inputs),
            cotangents=tuple(map(wide, program.cotangents)),
            second=tuple(map(wide, program.second)),
        )
        other = execute(wider, torch)
        assert all(map(same, run.values, other.values)), program
        assert all(map(same, run.gradients, other.gradients)), program
        assert all(map(same, run.second, other.second)), program
        judged += any(g is not None for g in run.gradients)
    assert judged > 500


def test_smooth_programs_are_well_conditioned():
    """A relative change of 1e-10 in the inputs moves few gradients by more than 1e-6."""
    rng = np.random.default_rng(0)
    judged = loose = 0
    for program, run in drawn(500, regime="smooth", dtypes=("float64",), order=2):
        if run.error is not None or not run.gradients:
            continue
        moved = program.with_(inputs=tuple(moved_a_little(leaf, rng) for leaf in program.inputs))
        other = execute(moved, torch)
        judged += 1
        for a, b in zip(run.gradients, other.gradients):
            if a is not None and a.size and not np.abs(a - b).max() <= 1e-6 * max(np.abs(a).max(), 1e-3):
                loose += 1
                break
    assert judged > 400
    assert loose <= 0.02 * judged


def moved_a_little(leaf, rng):
    if leaf.array.dtype.kind != "f" or (leaf.array == np.round(leaf.array)).all():
        return leaf  # whole numbers are labels: a loss asks whether they are just 1 or -1
    factor = 1 + 1e-10 * rng.normal(size=leaf.array.shape)
    return Input(np.asarray(leaf.array * factor), leaf.requires_grad, leaf.layout)


def test_reductions_stay_short():
    for program, run in drawn(300):
        for step in program.steps:
            if CATALOGUE[step.op].family in ("reduce", "scan", "normalize", "loss"):
                assert all(shapes.size(shape_of(run, ref)) < 100 for ref in step.refs())


def test_cotangents_are_not_uniform():
    large = [c for program, _ in drawn(200) for c in program.cotangents if c.size > 3]
    assert len(large) > 100
    assert sum(len(set(c.ravel().tolist())) > 1 for c in large) >= 0.98 * len(large)


def test_options_are_kept():
    for program, _ in drawn(
        30,
        ops=["sin", "mul"],
        dtypes=("float32",),
        min_steps=7,
        max_steps=7,
        regime="smooth",
        order=1,
        shape=(4, 4),
    ):
        assert {step.op for step in program.steps} <= {"sin", "mul"}
        assert len(program.steps) in (7, 8)  # one more where a copy is written into
        assert {leaf.array.dtype.name for leaf in program.inputs} == {"float32"}
        assert program.regime == "smooth"
        assert program.order <= 1


def test_operators_that_are_never_exact_make_smooth_programs():
    assert {program.regime for program, _ in drawn(20, ops=["exp", "log"])} == {"smooth"}


def test_every_input_is_used():
    for program, _ in drawn(300):
        used = {ref.index for step in program.steps for ref in step.refs()}
        assert used >= set(range(len(program.inputs)))


def test_unknown_names_are_refused():
    with pytest.raises(UsageError, match="no operator 'sine'"):
        draw_program(Seeded(0), torch, ops=["sine"])
    with pytest.raises(UsageError, match="no dtype 'float31'"):
        draw_program(Seeded(0), torch, dtypes=["float31"])
    with pytest.raises(UsageError, match="none of exp can be drawn"):
        draw_program(Seeded(0), torch, ops=["exp"], regime="exact")
    with pytest.raises(UsageError, match="sin cannot be drawn in int64 as 'critical'"):
        draw_op(Seeded(0), torch, CATALOGUE["sin"], "int64", kind="critical")


# -- one step


def test_critical_values_reach_every_elementwise_operator():
    for name in ("exp", "log", "mul", "maximum", "nn.functional.softplus"):
        spec = CATALOGUE[name]
        found = [draw_op(Seeded(seed), torch, spec, "float32", kind="critical")[0].inputs[0].array for seed in range(6)]
        flat = np.concatenate([array.ravel() for array in found])
        for value in (0.0, 1.0, -1.0, math.inf, -math.inf, *spec.critical):
            assert (flat == np.float32(value)).any(), (name, value)
        assert np.isnan(flat).any()
        assert (np.signbit(flat) & (flat == 0)).any()
        assert ((flat != 0) & (np.abs(flat) < np.finfo(np.float32).tiny)).any(), "a subnormal"
        assert (flat == np.nextafter(np.float32(1), np.float32(2))).any(), "a neighbour"
    largest = np.float32(88.72283)
    assert np.isfinite(np.exp(largest))
    with np.errstate(over="ignore"):
        assert np.isinf(np.exp(np.nextafter(largest, np.float32(np.inf))))


def test_a_branch_that_is_not_taken_may_be_nan():
    found = 0
    for seed in range(40):
        program, run = draw_op(Seeded(seed), torch, CATALOGUE["where"], "float64", kind="critical")
        refs = program.steps[0].args
        if not all(isinstance(ref, Ref) for ref in refs):
            continue
        condition, a, b = (run.values[ref.index] for ref in refs)
        a, b, condition = np.broadcast_arrays(a, b, condition)
        found += bool((np.isnan(a) & ~condition & ~np.isnan(b)).any())
    assert found > 3


def test_stress_ranges_are_met():
    for name in ("log1p", "softmax", "var"):
        spec = CATALOGUE[name]
        for seed in range(10):
            program, _ = draw_op(Seeded(seed), torch, spec, "float64", kind="stress")
            array = program.inputs[0].array
            assert any(low <= array.min() and array.max() <= high for low, high in spec.stress)


def test_large_programs_are_large():
    for op in ("masked_fill", "where", "add"):
        for seed in range(12):
            program, _ = draw_op(Seeded(seed), torch, CATALOGUE[op], "float32", kind="large")
            assert program.inputs[0].array.size >= 2000, (op, seed)


def test_the_first_program_of_an_operator_asks_for_every_derivative():
    for op, dtype in (("sub", "complex64"), ("flip", "complex128"), ("sin", "float64"), ("tril", "complex64")):
        for seed in range(12):
            program, run = draw_op(Seeded(seed), torch, CATALOGUE[op], dtype, first=True)
            assert run.error is not None or program.second, (op, seed)


def test_some_gradients_arrive_in_reversed_memory():
    drawn = [draw_op(Seeded(seed), torch, CATALOGUE["reshape"], "float64")[0] for seed in range(60)]
    assert sum(program.steps[-1].op == "permute" or program.steps[-2:][0].op == "permute" for program in drawn) > 3


def test_numbers_alone_come_near_the_end_of_what_has_an_exponential():
    found = [
        leaf.array.item()
        for seed in range(20)
        for leaf in draw_op(Seeded(seed), torch, CATALOGUE["tanh"], "float64", kind="critical", part=2)[0].inputs
    ]
    assert any(-710 < x < -695 for x in found)
    assert any(26.3 < x < 26.7 for x in found)


def test_unusual_shapes():
    seen = {
        draw_op(Seeded(seed), torch, CATALOGUE["sum"], "float32", kind="shapes")[0].inputs[0].array.shape
        for seed in range(80)
    }
    assert {(), (0,), (1, 1)} <= seen
    assert len(seen) > 8


def test_every_spelling_of_an_operator_can_be_asked_for():
    spec = CATALOGUE["mul"]
    for spelling in spec.spellings:
        program, run = draw_op(Seeded(3), torch, spec, "float64", spelling=spelling)
        assert program.steps[-1].spelling == spelling
        assert run.error is None


# -- sources


def test_the_same_choices_give_the_same_program_from_every_source():
    for seed in range(150):
        recording = Recording(Seeded(seed))
        program, _ = draw_program(recording, torch)
        assert draw_program(Replayed(recording.choices), torch)[0] == program
        data = ConjectureData.for_choices(recording.choices)
        assert draw_program(FromHypothesis(data), torch)[0] == program


def test_seeded_choices_stay_in_their_bounds_and_reach_them():
    source = Seeded(1)
    assert {source.integer(-2, 2) for _ in range(200)} == {-2, -1, 0, 1, 2}
    assert {source.choice("abc") for _ in range(100)} == set("abc")
    assert 0.2 < sum(source.boolean(0.3) for _ in range(1000)) / 1000 < 0.4


def test_past_its_choices_a_replay_takes_the_simplest():
    source = Replayed([])
    assert (source.integer(-3, 3), source.integer(2, 5), source.boolean(), source.choice("xy")) == (
        0,
        2,
        False,
        "x",
    )


def test_an_unknown_hypothesis_is_refused():
    with pytest.raises(TypeError, match="cannot draw from object"):
        FromHypothesis(object())


def test_random_numbers_are_the_same_everywhere():
    window = arrays.uniform(Replayed([5]), (3, 3), 0.0, 1.0)
    assert window[0, 0].hex() == "0x1.4f2e7c31d1fa8p-2"
    assert window.min() > 0
    assert arrays.dyadic(Replayed([7]), (40,), False).tolist()[:5] == [-1.0, -2.0, 2.0, 2.0, 1.0]


# -- Hypothesis


QUIET = settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))


@QUIET
@given(parity.strategies.programs(max_steps=4, dtypes=["float32"]))
def test_programs_are_a_strategy(program):
    assert 1 <= len(program.steps) <= 5
    assert execute(program, torch).values


@QUIET
@given(parity.strategies.from_op("sin", kind="critical"))
def test_one_operator_is_a_strategy(program):
    assert [step.op for step in program.steps][-1] == "sin"


@QUIET
@given(parity.strategies.tensors(dtype="float32", shape=(3, 2), min_value=0.0, max_value=1.0))
def test_tensors_are_a_strategy(array):
    assert array.dtype == np.float32
    assert array.shape == (3, 2)
    assert array.min() >= 0
    assert array.max() <= 1


def test_tensors_can_be_critical_and_scattered():
    found = []

    @settings(QUIET, derandomize=True)
    @given(parity.strategies.tensors(critical=True, contiguous=False), st.data())
    def collect(array, data):
        found.append(array)

    collect()
    assert any(np.isnan(array).any() for array in found)
    assert any(not array.flags.c_contiguous for array in found)


def test_hypothesis_shrinks_to_the_steps_that_matter():
    last = []

    @settings(QUIET, max_examples=400, derandomize=True, phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink])
    @given(parity.strategies.programs())
    def never_reduce_and_scan(program):
        if {"reduce", "scan"} <= {CATALOGUE[step.op].family for step in program.steps}:
            last[:] = [program]
            raise AssertionError

    with pytest.raises(AssertionError):
        never_reduce_and_scan()
    # Where Hypothesis stops depends on its own constants: it may leave a step that nothing needs. What is reported has
    # been through the shrinker over programs as well.
    assert len(last[0].steps) <= 8
    both = lambda program: {"reduce", "scan"} <= {CATALOGUE[step.op].family for step in program.steps}
    assert len(shrink(last[0], both, torch).steps) == 2


def test_strategies_refuse_unknown_names():
    with pytest.raises(UsageError, match="no operator"):
        parity.strategies.from_op("sine")
    with pytest.raises(UsageError, match="no dtype"):
        parity.strategies.tensors(dtype="float31")


# -- pieces


def test_broadcast_is_numpys():
    for a in shapes.BASES:
        for b in shapes.BASES:
            try:
                expected = np.broadcast_shapes(a, b)
            except ValueError:
                expected = None
            assert shapes.broadcast(a, b) == expected


def test_every_dtype_of_every_kind():
    assert set(names("buihfc")) == {
        "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex64",
        "complex128",
    }  # fmt: skip
    assert "exact" not in kinds(CATALOGUE["exp"], "float64")
    assert kinds(CATALOGUE["exp"], "float64") == ("tame", "critical", "stress", "shapes", "written", "large")
    assert kinds(CATALOGUE["nn.functional.layer_norm"], "bool") == ()
    assert list(references([Ref(1), (Ref(2),)])) == [Ref(1), Ref(2)]


def test_a_kind_of_argument_is_drawn_in_one_way():
    with pytest.raises(ValueError, match="drawn in two ways: dim"):
        drawing.united([{"dim": print, "dims": print}, {"gap": print}, {"dim": repr}])


def test_arrays_may_be_larger_than_the_pool_they_are_cut_from():
    for draw in (lambda s: arrays.uniform(s, (200, 200), 0.0, 1.0), lambda s: arrays.dyadic(s, (200, 200), False)):
        assert {draw(Seeded(seed)).shape for seed in range(20)} == {(200, 200)}


def test_nothing_is_written_that_is_shared_unseen():
    """Of `unsafe_chunk` torch sees no writes, so what a backward pass makes of what was saved there is no promise."""
    made = written = 0
    for seed in range(300):
        program, _ = draw_program(Seeded(seed), torch, ops=("unsafe_chunk", "mul", "exp", "cumprod"))
        number = len(program.inputs)
        for place, step in enumerate(program.steps):
            if step.op == "unsafe_chunk":
                made += 1
                later = program.steps[place + 1 :]
                names = {number + place, step.args[0].index}
                written += sum(s.spelling in ("inplace", "augmented") and s.args[0].index in names for s in later)
    assert made > 50
    assert not written
