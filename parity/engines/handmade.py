"""An engine behind one class that somebody wrote by hand: which calls it has, found out by trying, and programs run
on it. Knows torch's names of operators and the few ways in which their methods are spelled.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity.engines.anatomy import LACKING, Anatomy, Subject
from parity.engines.interpreter import Live
from parity.engines.protocol import UNSUPPORTED, Array, Raised, Run
from parity.program import Program, Ref, Step
from parity.spellings import OPERATORS

#: How a call looks: one letter an operand, t a tensor and n a number; what is more has a word.
Forms = Mapping[str, str]
ARITHMETIC = ("add", "sub", "mul", "div", "pow", "matmul", "neg")
METHODS: Mapping[str, tuple[str, ...]] = {
    "sub": ("subtract",),
    "mul": ("multiply", "times"),
    "div": ("divide", "truediv"),
    "pow": ("power",),
    "neg": ("negate", "negative"),
    "matmul": ("dot", "mm"),
}
_REDUCTIONS = ("sum", "mean", "prod", "amax", "amin")
#: What somebody raises who says that a call is not meant to work.
_REFUSALS = ("AssertionError", "NotImplementedError")
_NOT_OPERATORS = ("back", "grad", "zero", "item", "numpy", "detach", "draw", "plot", "print", "show", "_")


@dataclass(frozen=True, slots=True)
class Abilities:
    """What of a program an engine takes, by torch's names; the same on both sides of the wire."""

    dtype: str
    scalar: bool
    gradients: bool
    #: Per operator its forms, and by what each is called: "operator", or a method's name.
    calls: Mapping[str, Forms]

    def form(self, step: Step) -> str:
        """The form in which a step is called; empty if the engine has it not."""
        forms = self.calls.get(step.op, {})
        letters = "".join(_letter(arg) for arg in step.args)
        if not step.kwargs and letters in forms and step.spelling in ("function", "method", "operator"):
            return letters
        if "dim" in forms and letters[:1] == "t" and len(step.args) <= 3 and not set(step.kwargs) - {"dim", "keepdim"}:
            return "dim" if step.spelling in ("function", "method") else ""
        if "shape" in forms and letters[:1] == "t" and len(step.args) == 2 and isinstance(step.args[1], (tuple, list)):
            return "shape" if all(isinstance(size, int) for size in step.args[1]) and not step.kwargs else ""
        return ""

    def lacking(self, program: Program) -> tuple[str, ...]:
        """What the program needs and the engine has not, by torch's names."""
        found = [step.op for step in program.steps if not self.form(step) or step.modes]
        if program.history:
            found.append("histories")
        if program.second:
            found.append("a second derivative")
        if program.cotangents and not self.gradients:
            found.append("a first derivative")
        found += [leaf.array.dtype.name for leaf in program.inputs if leaf.array.dtype != self.dtype]
        if self.scalar and any(leaf.array.ndim for leaf in program.inputs):
            found.append("arrays")
        return tuple(dict.fromkeys(found))


def _letter(arg: Any) -> str:
    if isinstance(arg, Ref):
        return "t" if arg.item is None else "?"
    return "n" if isinstance(arg, (int, float)) and not isinstance(arg, bool) else "?"


class Handmade:
    """The engine: `run` makes of a program what the class makes of it."""

    shares_memory = False

    def __init__(self, cls: type, anatomy: Anatomy, name: str = "") -> None:
        self.name = name or cls.__name__
        self.version = ""
        self.subject = Subject(cls, anatomy)
        self.anatomy = anatomy
        calls = {op: dict(forms) for op, forms in _calls(self.subject)}
        self.abilities = Abilities(anatomy.dtype, anatomy.scalar, bool(anatomy.grad and anatomy.backward), calls)

    # -- Values, for the interpreter

    def tensor(self, array: Array, requires_grad: bool) -> Any:
        return self.subject.make(array, requires_grad)

    def array(self, value: Any) -> Array:
        return self.subject.array(value)

    def requires_grad(self, value: Any) -> bool:
        return True

    def supports(self, op: str, spelling: str = "function") -> bool:
        return op in self.abilities.calls

    def call(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any], spelling: str) -> Any:
        forms = self.abilities.calls[op]
        letters = "".join("t" if self.subject.holds(arg) else "n" for arg in args)
        how = forms.get(letters, "")
        if how == "operator" and not kwargs:
            return self._own(op, OPERATORS[op][1](*args))
        if how == "property":
            return self._own(op, getattr(args[0], "T"))  # noqa: B009  any other name may come
        if how and not kwargs:
            return self._own(op, getattr(args[0], how)(*args[1:]))
        if "shape" in forms:
            method, _, star = forms["shape"].partition(" ")
            return self._own(op, getattr(args[0], method)(*(args[1] if star else args[1:])))
        axis, _, keep = forms["dim"].partition(" ")
        named = {**dict(zip(("dim", "keepdim"), args[1:])), **kwargs}
        dim = named.get("dim")
        given = {axis: tuple(dim) if isinstance(dim, (list, tuple)) else dim} if dim is not None else {}
        if "keepdim" in named:
            given[keep] = named["keepdim"]
        return self._own(op, getattr(args[0], op)(**given))

    def _own(self, op: str, result: Any) -> Any:
        if not self.subject.holds(result):
            raise TypeError(f"{op} gives {type(result).__name__}, not {self.anatomy.cls}")
        return result

    # -- programs

    def run(self, program: Program) -> Run:
        """Run the program: values, and the gradients, one backward pass an output, each on values of its own.

        Errors of the class end up in `Run.error`, one that ends the process (SystemExit) among them.
        """
        if lacking := self.abilities.lacking(program):
            return Run(self.name, error=Raised(UNSUPPORTED, ", ".join(lacking), "step 0"))
        live = self._forward(program)
        if program.cotangents and live.run.error is None:
            live.run.gradients = [None] * len(program.differentiable)
            self._differentiate(program, live)
        if len(live.tensors) >= len(program.inputs):
            live.attempt("backward", lambda: setattr(live.run, "touched", live.touched(program.inputs)))
        live.run.requires_grad = []  # no engine of this kind says
        return live.run

    def _forward(self, program: Program) -> Live:
        live = Live(self, copying=False)
        try:
            if live.attempt_each("input", live.add_input, program.inputs):
                live.attempt_each("step", live.add_step, program.steps)
        except (SystemExit, GeneratorExit) as error:
            live.run.error = Raised(type(error).__name__, str(error), f"step {len(live.tensors) - len(program.inputs)}")
        raised = live.run.error
        if raised is not None and raised.type in _REFUSALS:
            number = len(live.tensors) - len(program.inputs)
            what = program.steps[number].op if number >= 0 else "an input"
            live.run.error = Raised(UNSUPPORTED, f"{what} ({raised.message or raised.type})", raised.moment)
        return live

    def _differentiate(self, program: Program, first: Live) -> None:
        run, subject = first.run, self.subject
        reached = _reached(program)
        pending: Live | None = first
        total: dict[int, Array | None] = dict.fromkeys(program.differentiable)
        try:
            for ref, cotangent in zip(program.outputs, program.cotangents):
                if ref.index not in reached:
                    continue
                live = pending or self._forward(program)
                pending = None
                if live.run.error is not None:
                    raise RuntimeError(f"run again, it raises {live.run.error.type}: {live.run.error.message}")
                root, scale = self._root(live.tensors[ref.index], cotangent)
                seed = None if scale is not None else cotangent.copy()
                subject.backward(root, seed)
                if seed is not None and seed.tobytes() != cotangent.tobytes():
                    run.seeds_touched.append(ref.index)
                for number in total:
                    found = subject.gradient(live.tensors[number])
                    if found is not None:
                        found = found if scale is None else found * scale
                        before = total[number]
                        total[number] = found if before is None else before + found
        except (Exception, SystemExit, GeneratorExit) as error:
            run.error = Raised(type(error).__name__, str(error), "backward")
            return
        run.gradients = list(total.values())

    def _root(self, output: Any, cotangent: Array) -> tuple[Any, float | None]:
        """Where backward starts, and by what its gradients are to be multiplied; None: the seed is handed over."""
        anatomy = self.anatomy
        if anatomy.seed in ("array", "tensor") and not anatomy.scalar:
            return output, None
        flat = cotangent.ravel()
        if flat.size and (flat == flat[0]).all():
            return self._summed(output), float(flat[0])
        weighed = self.call("mul", (output, self.tensor(cotangent, False)), {}, "operator")
        return self._summed(weighed), 1.0

    def _summed(self, root: Any) -> Any:
        return root if self.anatomy.any_root or not self.array(root).ndim else root.sum()


def _reached(program: Program) -> set[int]:
    """The values that depend on an input that requires grad."""
    found = set(program.differentiable)
    for number, step in enumerate(program.steps, start=len(program.inputs)):
        if any(ref.index in found for ref in step.refs()):
            found.add(number)
    return found


# -- which calls there are


def _calls(subject: Subject) -> Iterator[tuple[str, Forms]]:
    methods = [name for name in dir(subject.cls) if not name.startswith("_") and _callable(subject.cls, name)]
    methods = [name for name in methods if not any(part in name.lower() for part in _NOT_OPERATORS if part != "_")]
    for op in ARITHMETIC:
        forms = {}
        for form in ("t",) if op == "neg" else ("tt", "tn", "nt"):
            if op == "matmul" and form != "tt":
                continue
            names = [name for name in (op, *METHODS.get(op, ())) if name in methods] if form != "nt" else []
            how = next((how for how in ("operator", *names) if _works(subject, op, form, how)), "")
            if how:
                forms[form] = how
        if forms:
            yield op, forms
    taken = {*ARITHMETIC, *(name for names in METHODS.values() for name in names)}
    for name in methods:
        if name in taken:
            continue
        forms = {form: name for form in ("t", "tt", "tn") if _works(subject, name, form, name)}
        if not subject.anatomy.scalar:
            if name in _REDUCTIONS and (dims := _dims(subject, name)):
                forms["dim"] = dims
            if name in ("reshape", "view") and (shape := _shape(subject, name)):
                forms["shape"] = shape
            if name == "transpose":
                forms = {"tnn": name} if _works(subject, name, "tnn", name) else {}
        if forms:
            yield name, forms
    if isinstance(getattr(subject.cls, "T", None), property) and not subject.anatomy.scalar and "t" not in methods:
        yield "t", {"t": "property"}


def _callable(cls: type, name: str) -> bool:
    try:
        return callable(getattr(cls, name))
    except Exception:
        return False


def _operands(subject: Subject, op: str, form: str) -> list[Any]:
    if subject.anatomy.scalar:
        arrays = [np.array(0.75), np.array(1.5)]
    elif op == "matmul":
        arrays = [np.array([[0.75, 0.5], [0.25, 0.125]])] * 2
    else:
        arrays = [np.array([[0.75, 0.5, 0.25], [0.125, 0.375, 0.625]])] * 2
    if form == "tnn":
        return [subject.make(arrays[0]), 0, 1]
    # 2, not 2.0: some powers take whole numbers only, and no operator takes fewer
    return [subject.make(array) if letter == "t" else 2 for array, letter in zip(arrays, form)]


def _works(subject: Subject, op: str, form: str, how: str) -> bool:
    """Whether a call of this form gives one of the engine's values, or raises what is no refusal."""
    try:
        args = _operands(subject, op, form)
        result = OPERATORS[op][1](*args) if how == "operator" else getattr(args[0], how)(*args[1:])
        if not subject.holds(result):
            return False
        subject.array(result)
    except LACKING:
        return False
    except Exception:
        return True
    return True


def _dims(subject: Subject, name: str) -> str:
    """How a reduction names the dimension and whether it is kept."""
    try:
        parameters: Sequence[str] = list(inspect.signature(getattr(subject.cls, name)).parameters)
    except (TypeError, ValueError):
        return ""
    axis = next((p for p in parameters if p in ("dim", "axis", "axes")), "")
    keep = next((p for p in parameters if p in ("keepdim", "keepdims")), "")
    if not axis or not keep:
        return ""
    try:
        result = getattr(_operands(subject, name, "t")[0], name)(**{axis: 1, keep: True})
        return f"{axis} {keep}" if subject.array(result).shape == (2, 1) else ""
    except Exception:
        return ""


def _shape(subject: Subject, name: str) -> str:
    for how in ("", " star"):
        try:
            tensor = _operands(subject, name, "t")[0]
            result = getattr(tensor, name)(*((3, 2) if how else [(3, 2)]))
            if subject.array(result).shape == (3, 2):
                return name + how
        except Exception:
            continue
    return ""
