"""The comparison, step by step: what each step must pass, and the fault that it must catch."""

from __future__ import annotations

import numpy as np
import pytest

from parity.compare import compare
from parity.compare.jitter import treatment
from parity.compare.neighbours import neighbours
from parity.compare.yardstick import RUNS
from parity.engines import reference
from parity.engines.decorators import Around, Faulty
from parity.engines.interpreter import execute, writes
from parity.engines.jittered import Jittered
from parity.faults.rewritten import Rewritten, rewrites
from parity.program import Input, Program, Ref, Step
from parity.strategies.drawing import draw_program
from parity.strategies.source import Seeded

TORCH = reference.load()
RNG = np.random.default_rng(11)
X = RNG.uniform(0.4, 1.6, (3, 4))
Y = RNG.uniform(-1.5, 1.5, (3, 4))
R0, R1 = Ref(0), Ref(1)


def program(arrays, *steps, regime="smooth", second=True, outputs=None):
    """A program with weights that are not uniform; `steps` are (op, args), (op, args, kwargs) or Steps."""
    inputs = tuple(Input(np.array(a), np.asarray(a).dtype.kind in "fc") for a in arrays)
    made = tuple(s if isinstance(s, Step) else Step(*s) for s in steps)
    last = Ref(len(inputs) + len(made) - 1)
    bare = Program(inputs, made, outputs or (last,), regime=regime)
    run = execute(bare, TORCH)
    rng = np.random.default_rng(5)

    def weights(shape, dtype):
        if regime == "exact":
            return rng.choice([-1.5, 0.5, 2.0, 0.75], shape).astype(dtype)
        return rng.uniform(0.5, 1.5, shape).astype(dtype)

    def value(ref):
        found = run.values[ref.index] if ref.index < len(run.values) else np.zeros(())
        return found if ref.item is None else found[ref.item]

    cotangents = tuple(weights(value(r).shape, value(r).dtype) for r in bare.outputs)
    if any(c.dtype.kind not in "fc" for c in cotangents):
        return bare
    over = tuple(weights(leaf.array.shape, leaf.array.dtype) for leaf in inputs if leaf.requires_grad)
    return bare.with_(cotangents=cotangents, second=over if second else ())


class Changed(Around):
    """torch, with some operators replaced; `name` is what reasons say."""

    name = "changed"

    def __init__(self, **ops):
        super().__init__(TORCH)
        self.name = "changed"
        self.ops = ops

    def call(self, op, args, kwargs, spelling):
        if op in self.ops:
            return self.ops[op](*args, **kwargs)
        return super().call(op, args, kwargs, spelling)


torch = TORCH.module


class TestStructure:
    def check(self, subject, drawn, kind):
        verdict = compare(drawn, TORCH, subject)
        assert verdict.status == "differs"
        assert kind in [m.check for m in verdict.mismatches]
        assert all(m.reason and m.blame == "subject" for m in verdict.mismatches)

    def test_dtype(self):
        drawn = program([X.astype("f4")], ("sin", (R0,)))
        self.check(Changed(sin=lambda x: torch.sin(x.double())), drawn, "dtype")

    def test_dtype_of_a_gradient(self):
        class Wide(Around):
            def grad(self, *args):
                return [g.double() for g in super().grad(*args)]

        self.check(Wide(TORCH), program([X.astype("f4")], ("sin", (R0,)), second=False), "dtype")

    def test_shape(self):
        drawn = program([X], ("sum", (R0, 1)))
        self.check(Changed(sum=lambda x, dim: x.sum(dim, keepdim=True)), drawn, "shape")

    def test_number_of_outputs(self):
        drawn = program([X], ("unbind", (R0,)), outputs=(Ref(1, 0),))
        self.check(Changed(unbind=lambda x: x.unbind()[:2]), drawn, "shape")

    def test_a_gradient_that_is_missing(self):
        drawn = program([X, Y], ("add", (R0, R1)))
        self.check(Changed(add=lambda x, y: x + y.detach()), drawn, "none")

    def test_requires_grad(self):
        drawn = program([X], ("sin", (R0,)), ("exp", (R0,)), outputs=(Ref(2),))
        self.check(Changed(sin=lambda x: x.sin().detach()), drawn, "requires_grad")

    def test_a_copy_in_place_of_a_view(self):
        drawn = program([X], ("transpose", (R0, 0, 1)))
        self.check(Changed(transpose=lambda x, *d: x.transpose(*d).clone()), drawn, "alias")

    def test_an_input_that_is_overwritten(self):
        drawn = Program((Input(X),), (Step("sin", (R0,)),), (R1,))
        self.check(Changed(sin=lambda x: x.mul_(1.5) / 1.5), drawn, "touched")

    def test_an_error_in_one_engine_only(self):
        good = program([X], ("sin", (R0,)))
        bad = program([X, Y[:2]], ("add", (R0, R1)))

        def fails(x):
            raise RuntimeError("no")

        self.check(Changed(sin=fails), good, "error")
        self.check(Changed(add=lambda x, y: x), bad, "error")

    @pytest.mark.parametrize(
        ("error", "agrees"), [(RuntimeError, True), (NotImplementedError, True), (TypeError, False)]
    )
    def test_errors_in_both_are_compared_by_family(self, error, agrees):
        def fails(x, y):
            raise error("in other words")

        verdict = compare(program([X, Y[:2]], ("add", (R0, R1))), TORCH, Changed(add=fails))
        assert (verdict.status == "agrees") is agrees

    def test_what_the_subject_lacks(self):
        class Lacking(Around):
            def supports(self, op, spelling="function"):
                return op != "sin" and super().supports(op, spelling)

            def call(self, op, args, kwargs, spelling):
                if op == "sin":
                    raise AttributeError("no sin")
                return super().call(op, args, kwargs, spelling)

        verdict = compare(program([X], ("sin", (R0,))), TORCH, Lacking(TORCH))
        assert (verdict.status, verdict.missing) == ("unsupported", ("sin",))

    def test_an_order_that_only_the_subject_has_is_held_against_the_truth(self):
        class Never(Around):
            def grad(self, outputs, inputs, seeds, create_graph):
                raise NotImplementedError("no derivative")

        drawn = program([X], ("sin", (R0,)))
        assert compare(drawn, Never(TORCH), TORCH).status == "agrees"
        verdict = compare(drawn, Never(TORCH), Faulty(TORCH, "sin", FAULTS["a factor"], input=0))
        assert (verdict.status, verdict.mismatches[0].check) == ("differs", "gradient")

    def test_an_order_of_derivative_that_one_side_lacks(self):
        class Once(Around):
            first = False

            def grad(self, outputs, inputs, seeds, create_graph):
                self.first, second = create_graph, self.first
                if second:
                    raise NotImplementedError("no second derivative")
                return super().grad(outputs, inputs, seeds, create_graph)

        drawn = program([X], ("sin", (R0,)))
        assert compare(drawn, TORCH, Once(TORCH)).status == "unsupported"
        assert compare(drawn, Once(TORCH), TORCH).status == "agrees"
        wrong = Faulty(TORCH, "sin", lambda g: g * 1.01, input=0)
        assert compare(drawn, Once(TORCH), wrong).status == "differs"


class TestSpecials:
    @pytest.mark.parametrize("regime", ["exact", "smooth"])
    def test_nan_for_infinity(self, regime):
        drawn = program([np.array([1.0, 0.0])], ("reciprocal", (R0,)), regime=regime, second=False)
        subject = Changed(reciprocal=lambda x: torch.where(x == 0, torch.nan, 1 / x))
        assert compare(drawn, TORCH, subject).status == "differs"
        assert compare(drawn, TORCH, TORCH).status == "agrees"

    def test_the_payload_of_nan_does_not_count(self):
        drawn = program([np.array([np.nan, 1.0])], ("neg", (R0,)), regime="exact")
        assert compare(drawn, TORCH, Changed(neg=lambda x: x * -1.0)).status == "agrees"

    def test_the_sign_of_zero_where_it_is_promised(self):
        zeros = np.array([0.0, 1.0])
        promised = program([zeros], ("neg", (R0,)), regime="exact")
        verdict = compare(promised, TORCH, Changed(neg=lambda x: 0 - x))
        assert verdict.status == "differs"
        assert "sign of a zero" in verdict.mismatches[0].reason
        free = program([zeros], ("cumsum", (R0, 0)), regime="exact")
        assert compare(free, TORCH, Changed(cumsum=lambda x, d: -(-x).cumsum(d))).status == "agrees"


class TestExactRegime:
    def test_one_rounding_is_a_difference(self):
        drawn = program([np.array([1.0, 2.0])], ("add", (R0, R0)), regime="exact")
        subject = Faulty(TORCH, "add", lambda x: x * (1 + 2.0**-52))
        verdict = compare(drawn, TORCH, subject)
        assert (verdict.status, verdict.decided) == ("differs", "bits")
        assert (verdict.mismatches[0].blame, verdict.mismatches[0].allowed) == ("subject", 0.0)
        assert verdict.mismatches[0].truth == 2.0

    def test_a_tie_is_a_convention(self):
        drawn = program([np.array(0.0), np.array(0.0)], ("maximum", (R0, R1)), regime="exact", second=False)
        subject = Changed(maximum=lambda x, y: torch.where(x >= y, x, y))
        verdict = compare(drawn, TORCH, subject)
        assert verdict.status == "differs"
        assert {m.blame for m in verdict.mismatches} == {"convention"}

    def test_beyond_the_one_sided_derivatives_is_wrong(self):
        drawn = program([np.array(0.0), np.array(0.0)], ("maximum", (R0, R1)), regime="exact", second=False)
        verdict = compare(drawn, TORCH, Faulty(TORCH, "maximum", lambda g: g * 3, input=0))
        assert verdict.mismatches[0].blame == "subject"

    def test_an_index_is_compared(self):
        drawn = program([np.array([3.0, 1.0, 2.0])], ("argmax", (R0,)), regime="exact")
        verdict = compare(drawn, TORCH, Changed(argmax=lambda x: x.argmin()))
        assert (verdict.status, verdict.mismatches[0].blame) == ("differs", "subject")


FAULTS = {
    "a factor": lambda g: g * 1.0001,
    "the sign": lambda g: -g,
    "10^-10": lambda g: g * (1 + 1e-10),
    "dropped": lambda g: g * 0,
    "an offset": lambda g: g + 1e-9,
    "shifted by one": lambda g: g.roll(1, -1),
}


class TestSmoothRegime:
    @pytest.mark.parametrize("fault", FAULTS)
    @pytest.mark.parametrize("op", ["sin", "tanh", "exp", "sqrt", "softmax"])
    def test_a_wrong_gradient(self, op, fault):
        args = (R0, 1) if op == "softmax" else (R0,)
        drawn = program([X], (op, args), ("mul", (R1, R1)))
        verdict = compare(drawn, TORCH, Faulty(TORCH, op, FAULTS[fault], input=0))
        assert (verdict.status, verdict.decided) == ("differs", "confirm")
        (found,) = verdict.mismatches
        assert (found.check, found.blame) == ("gradient", "subject")
        assert found.allowed is not None
        assert abs(found.reference - found.truth) <= found.allowed < abs(found.subject - found.truth)

    @pytest.mark.parametrize("factor", [1.0001, 1 + 1e-10])
    def test_a_wrong_value(self, factor):
        drawn = program([X], ("sin", (R0,)), ("mul", (R1, R1)))
        verdict = compare(drawn, TORCH, Faulty(TORCH, "sin", lambda y: y * factor))
        assert (verdict.mismatches[0].check, verdict.mismatches[0].where) == ("value", 1)

    def test_a_wrong_gradient_in_single_precision(self):
        drawn = program([X.astype("f4")], ("sin", (R0,)), ("mul", (R1, R1)))
        assert compare(drawn, TORCH, Faulty(TORCH, "sin", FAULTS["a factor"], input=0)).status == "differs"

    def test_a_wrong_second_derivative_only(self):
        def broken(x):
            class Sine(torch.autograd.Function):
                @staticmethod
                def forward(ctx, x):
                    ctx.save_for_backward(x)
                    return x.sin()

                @staticmethod
                def backward(ctx, g):
                    return g * ctx.saved_tensors[0].detach().cos()

            return Sine.apply(x)

        drawn = program([X], ("sin", (R0,)), ("mul", (R1, R1)))
        verdict = compare(drawn, TORCH, Changed(sin=broken))
        assert (verdict.status, verdict.mismatches[0].check) == ("differs", "second")

    def test_a_transposed_gradient(self):
        square = RNG.uniform(-1, 1, (4, 4))
        drawn = program([square, square[::-1]], ("mm", (R0, R1)))
        verdict = compare(drawn, TORCH, Faulty(TORCH, "mm", lambda g: g.mT, input=1))
        assert (verdict.status, verdict.mismatches[0].where) == ("differs", 1)

    @pytest.mark.parametrize(
        ("op", "careless", "array"),
        [
            ("log1p", lambda x: torch.log(1 + x), np.array([1e-9, 3e-9])),
            ("expm1", lambda x: torch.exp(x) - 1, np.array([1e-9, -3e-9])),
            ("softmax", lambda x, d: x.exp() / x.exp().sum(d, keepdim=True), np.array([[800.0, 801.0]])),
            ("var", lambda x, d: (x * x).mean(d) - x.mean(d) ** 2, 1e6 + Y),
            ("sigmoid", lambda x: (1 + torch.tanh(x / 2)) / 2, np.array([-20.0, -22.5])),
        ],
    )
    def test_a_careless_formula_under_stress(self, op, careless, array):
        kwargs = {"correction": 0} if op == "var" else {}
        args = (R0, 1) if op in ("softmax", "var") else (R0,)
        drawn = program([array], Step(op, args, kwargs), second=False)
        subject = Changed(**{op: lambda *a, **k: careless(*a)})
        verdict = compare(drawn, TORCH, subject)
        assert verdict.status == "differs", verdict
        assert compare(drawn, TORCH, TORCH).status == "agrees"

    def test_the_reference_is_wrong(self):
        drawn = program([X], ("sin", (R0,)), ("mul", (R1, R1)))
        wrong = Faulty(TORCH, "sin", FAULTS["a factor"], input=0)
        verdict = compare(drawn, wrong, TORCH)
        assert (verdict.status, verdict.decided) == ("agrees", "truth")
        assert verdict.inaccurate_reference == ("sin",)
        assert verdict.mismatches[0].blame == "reference"
        assert "torch is wrong" in verdict.mismatches[0].reason

    def test_both_are_wrong(self):
        drawn = program([X], ("sin", (R0,)), ("mul", (R1, R1)))
        slightly = Faulty(TORCH, "sin", lambda g: g * (1 + 1e-9), input=0)
        grossly = Faulty(TORCH, "sin", lambda g: g * (1 + 1e-3), input=0)
        verdict = compare(drawn, slightly, grossly)
        assert (verdict.status, verdict.mismatches[0].blame) == ("differs", "both")

    @pytest.mark.parametrize(
        ("op", "factor", "status"),
        [
            ("sin", 1.0, "undecided"),
            ("sin", 1.00001, "differs"),
            ("amax", 1.00001, "differs"),
            ("amax", 0.5, "differs"),
        ],
    )
    def test_at_a_kink_an_inaccurate_reference_decides_nothing(self, op, factor, status):
        # Two elements that are one in memory tie wherever neighbours lie.
        tied = Input(np.broadcast_to(np.array([[1.25]]), (1, 2)), True, "expanded")
        drawn = program([X], ("amax", (R0, 1)), ("sin", (R0,)), second=False, outputs=(R1, Ref(2)))
        drawn = drawn.with_(inputs=(tied,), cotangents=(np.array([1.5]), np.array([[0.5, 0.75]])))
        inaccurate = Faulty(TORCH, "sin", lambda g: g * (1 + 1e-9), input=0)
        verdict = compare(drawn, inaccurate, Faulty(TORCH, op, lambda g: g * factor, input=0))
        assert verdict.status == status, verdict
        assert compare(drawn, TORCH, Faulty(TORCH, op, lambda g: g * (1 + 1e-9), input=0)).status == "differs"

    def test_a_jump_is_undecided(self):
        # sin² + cos² is 1 or a rounding less: what floor makes of it is nobody's fault.
        steps = [("sin", (R0,)), ("cos", (R0,)), ("square", (Ref(1),)), ("square", (Ref(2),)),
                 ("add", (Ref(3), Ref(4))), ("floor", (Ref(5),)), ("mul", (Ref(6), R0))]  # fmt: skip
        drawn = program([np.linspace(0.1, 1.4, 40)], *steps)
        subject = Changed(square=lambda x: x * x * (1 - 2.0**-52))
        verdict = compare(drawn, TORCH, subject)
        assert (verdict.status, verdict.decided) == ("undecided", "unstable")

    def test_an_element_that_is_noise_hides_no_other(self):
        # Near 1 the slope of acosh moves by thousands of roundings; the others are judged all the same.
        drawn = program([np.array([1 + 2.0**-50, 2.5, 3.0, 7.0])], ("acosh", (R0,)))
        wrong = Faulty(TORCH, "acosh", lambda g: g * (1 + 1e-9), input=0)
        verdict = compare(drawn, TORCH, wrong)
        assert verdict.status == "differs"
        assert verdict.mismatches[0].element != (0,)
        assert compare(drawn, TORCH, TORCH).status == "agrees"

    def test_cancellation_is_undecided(self):
        steps = [("exp", (R0,)), ("exp2", (Ref(0),)), ("mul", (Ref(1), 1e-3))]
        drawn = program([X], *steps)
        assert compare(drawn, TORCH, TORCH).status == "agrees"

    def test_an_alarm_at_one_point_only_does_not_stand(self):
        point = X[0, 0]
        subject = Changed(sin=lambda x: torch.where(x == point, 0.5, x.sin()))
        drawn = program([X], ("sin", (R0,)), second=False)
        assert compare(drawn, TORCH, subject, confirm=False).status == "differs"
        verdict = compare(drawn, TORCH, subject)
        assert (verdict.status, verdict.decided) == ("undecided", "confirm")

    def test_an_alarm_does_not_stand_on_a_reference_that_is_exact_by_luck(self):
        drawn = program([X], ("sin", (R0,)), second=False)
        inexact = torch.from_numpy([*neighbours(drawn, 3)][2].inputs[0].array)
        lucky = Changed(sin=lambda x: torch.where(x == inexact, x.sin() * (1 + 1e-10), x.sin()))
        subject = Changed(sin=lambda x: x.sin() * (1 + 1e-10))
        assert compare(drawn, TORCH, subject).status == "differs"
        verdict = compare(drawn, lucky, subject)
        assert (verdict.status, verdict.decided) == ("undecided", "confirm")
        assert "neighbouring inputs" in verdict.note
        worse = Changed(sin=lambda x: x.sin() * (1 + 1e-9))
        assert compare(drawn, lucky, worse).status == "differs"

    def test_an_alarm_does_not_stand_on_a_factor_that_became_0_in_the_reference(self):
        # What y is multiplied by sums up to nothing but rounding errors; at -10 torch's slope of gelu is 0, though.
        steps = [
            ("mean", (R0,)),
            ("sub", (R0, Ref(2))),
            ("mul", (Ref(3), R1)),
            ("sum", (Ref(4),)),
            ("sub", (Ref(5), 10.0)),
        ]
        slope = Step("nn.functional.gelu", (Ref(6),), {"approximate": "tanh"})
        leaves = (Input(X), Input(np.zeros(()), True))
        drawn = Program(leaves, (*(Step(*step) for step in steps), slope), (Ref(7),), (np.ones(()),))
        assert execute(drawn, TORCH).gradients[0] == 0
        verdict = compare(drawn, TORCH, Faulty(TORCH, "mul", lambda g: g + 1e-53, input=1))
        assert (verdict.status, verdict.decided) == ("undecided", "confirm")
        assert "truth moves" in verdict.note
        assert compare(drawn, TORCH, Faulty(TORCH, "mul", lambda g: g + 1e-48, input=1)).status == "differs"

    def test_writes_and_views_survive_the_jitter(self):
        steps = [
            Step("mul", (R0, 1.5)),
            Step("transpose", (Ref(1), 0, 1)),
            Step("sin", (Ref(1),), {}, "inplace"),
            Step("setitem", (Ref(1), (0, slice(None)), 0.25), {}, "inplace"),
            Step("mul", (Ref(2), Ref(2))),
        ]
        drawn = program([X], *steps)
        assert compare(drawn, TORCH, Rewritten(TORCH)).status == "agrees"
        assert compare(drawn, TORCH, Faulty(TORCH, "mul", FAULTS["a factor"], input=1)).status == "differs"
        close = Faulty(TORCH, "sin", lambda y: y * (1 + 2.0**-51))
        assert compare(drawn, TORCH, close).status == "agrees"

    def test_two_roundings_of_one_number_never_cancel_in_all_runs(self):
        # By what a result is multiplied, and by what the argument that it becomes: the product must move in some run.
        one = TORCH.tensor(np.ones(()), False)
        runs = [Jittered(TORCH, [], number) for number in range(RUNS)]
        factors = np.array([[float(run._nudged(one)) - 1 for _ in range(40)] for run in runs])
        for place in range(32):
            for later in range(place + 1, place + 8):
                assert np.abs(factors[:, place] + factors[:, later]).max() > 0

    def test_what_is_written_is_nudged_where_its_gradient_enters(self):
        written = Step("clamp_min", (R0, Ref(1)), {}, "inplace")
        drawn = Program((Input(X, False), Input(np.ones(()), True)), (written,), (R0,), (Y,))
        run = execute(drawn, TORCH)
        treatments = treatment(drawn, run)
        assert treatments == ["rest"]
        ends = [execute(drawn, Jittered(TORCH, treatments, number)).gradients[0] for number in range(RUNS)]
        assert len({end.tobytes() for end in ends}) > 1

    def test_specials_beside_a_number_do_not_keep_its_gradient_from_being_nudged(self):
        leaf, seed = Input(np.array([0.5, np.nan, np.inf]), True), np.linspace(-1, 1, 12)
        drawn = Program((leaf,), (Step("repeat", (R0, (4,)), {}, "method"),), (Ref(1),), (seed,))
        treatments = treatment(drawn, execute(drawn, TORCH))
        assert treatments == ["gradient"]
        ends = [execute(drawn, Jittered(TORCH, treatments, number)).gradients[0] for number in range(RUNS)]
        assert len({end[0] for end in ends}) > 1


def test_runs_that_are_handed_over_are_not_repeated():
    class Counting(Around):
        calls = 0

        def call(self, op, args, kwargs, spelling):
            self.calls += 1
            return super().call(op, args, kwargs, spelling)

    engine = Counting(TORCH)
    drawn = program([X], ("sin", (R0,)))
    run = execute(drawn, TORCH)
    assert compare(drawn, engine, engine, reference_run=run, subject_run=run).status == "agrees"
    assert engine.calls == 0


@pytest.mark.parametrize("seed", range(4))
def test_no_false_alarms_on_a_correct_subject(seed):
    """Random programs against the same mathematics in other words: nothing differs, little is undecided."""
    outcomes = []
    with reference.settings() as engine:
        ops = {*rewrites(engine.module), "add", "mul", "sum", "cat", "getitem", "transpose", "where", "maximum"}
        for number in range(seed * 100, seed * 100 + 100):
            drawn, run = draw_program(Seeded(number), engine, ops=ops, regime="smooth")
            if run.error is not None or any(writes(step) for step in drawn.steps):
                continue
            outcomes.append(compare(drawn, engine, Rewritten(engine), reference_run=run))
    assert [v for v in outcomes if v.status == "differs"] == []
    assert sum(v.status == "undecided" for v in outcomes) <= 0.02 * len(outcomes)
    assert sum(v.decided != "bits" for v in outcomes) >= 15  # the rewritten formulas do give other bits


class TestLedByValues:
    """What only a last digit or the sign of a zero decides, in operators that are right, is no difference."""

    NUMBERS = np.array([-1, 1, -1, 1], np.int32)

    @staticmethod
    def near(x):
        return x + 1e-16

    @staticmethod
    def turned(x):
        return x.conj().resolve_conj()

    @pytest.mark.parametrize(
        ("steps", "op", "change"),
        [
            ((("fft.hfftn", (R0,)), ("argwhere", (R1,))), "fft.hfftn", near),
            ((("fft.fft", (R0,)), ("angle", (R1,))), "fft.fft", turned),
        ],
    )
    def test_what_leads_to_it_is_asked(self, steps, op, change):
        drawn = program([self.NUMBERS], *steps, second=False)
        led = compare(drawn, TORCH, Faulty(TORCH, op, change.__func__))
        assert led.status == "undecided", led

    @pytest.mark.parametrize(
        ("steps", "op", "change"),
        [
            ((("fft.hfftn", (R0,)), ("argwhere", (R1,))), "argwhere", lambda x: x[1:]),
            ((("fft.hfftn", (R0,)), ("argwhere", (R1,))), "fft.hfftn", lambda x: x + 1),
            ((("fft.fft", (R0,)), ("angle", (R1,))), "angle", lambda x: x + 3),
            ((("fft.fft", (R0,)), ("angle", (R1,))), "fft.fft", lambda x: -x),
        ],
    )
    def test_a_wrong_operator_is_found_all_the_same(self, steps, op, change):
        drawn = program([self.NUMBERS], *steps, second=False)
        assert compare(drawn, TORCH, Faulty(TORCH, op, change)).status == "differs"

    def test_what_out_names_has_its_rounding(self):
        """Whole numbers transformed: a zero that torch meets exactly and another engine nearly."""
        given = (Input(np.arange(12).reshape(3, 4)), Input(np.zeros((3, 4), np.complex64)))
        drawn = Program(given, (Step("fft.ifft2", (R0,), {"out": R1}, "out"),), ())
        assert compare(drawn, TORCH, Faulty(TORCH, "fft.ifft2", lambda x: x + 1e-16)).status == "agrees"
        assert compare(drawn, TORCH, Faulty(TORCH, "fft.ifft2", lambda x: x + 1e-4)).status == "differs"

    #: torch's antialiased interpolation gives 1 everywhere where the width is 1.
    WRONG_BEFORE = (
        ("nn.functional.interpolate", (R0,), {"size": (4, 1), "mode": "bilinear", "antialias": True}),
        ("special.gammainc", (R1, R1)),
    )

    @staticmethod
    def _right(x):
        return x * 0 + x.new_tensor([1.0, 0.75, 0.25, 0.0]).reshape(1, 1, 4, 1)

    def test_a_reference_that_is_wrong_before_leads_to_it(self):
        drawn = program([np.array([1.0, 0.0]).reshape(1, 1, 2, 1)], *self.WRONG_BEFORE, second=False)
        right = Faulty(TORCH, "nn.functional.interpolate", self._right)
        led = compare(drawn, TORCH, right)
        assert led.status == "undecided", led
        assert "the reference is wrong before" in led.note
        assert compare(drawn, TORCH, Faulty(right, "special.gammainc", lambda x: x + 1)).status == "differs"
