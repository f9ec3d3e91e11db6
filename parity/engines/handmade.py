"""An engine behind one class that somebody wrote by hand: programs run on it, whole; knows no operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity.engines.calls import REDUCTIONS, VARIANTS, Forms, calls, index_kinds
from parity.engines.interpreter import Live
from parity.engines.protocol import UNSUPPORTED, Array, Raised, Run
from parity.engines.subject import Anatomy, Subject, Surroundings
from parity.program import Program, Ref, Step
from parity.spellings import OPERATORS

#: What somebody raises who says that a call is not meant to work.
_REFUSALS = ("AssertionError", "NotImplementedError")


@dataclass(frozen=True, slots=True)
class Abilities:
    """What of a program an engine takes, by torch's names; the same on both sides of the wire."""

    dtype: str
    scalar: bool
    gradients: bool
    #: Per operator its forms, and by what each is called: "operator", or a method's name.
    calls: Mapping[str, Forms]
    #: How many dimensions an array has; 0: any number, and single numbers besides.
    rank: int = 0

    def form(self, step: Step) -> str:
        """The form in which a step is called; empty if the engine has it not."""
        forms = self.calls.get(step.op, {})
        letters = "".join(_letter(arg) for arg in step.args)
        if not step.kwargs and letters in forms and step.spelling in ("function", "method", "operator"):
            return letters
        if "dim" in forms and letters[:1] == "t" and len(step.args) <= 3 and not set(step.kwargs) - {"dim", "keepdim"}:
            return "dim" if _reduces(step, forms["dim"]) and step.spelling in ("function", "method") else ""
        if "list" in forms:
            joined = step.args[0] if step.args else ()
            plain = isinstance(joined, (tuple, list)) and all(_letter(part) == "t" for part in joined)
            return "list" if plain and joined and step.spelling == "function" and not set(step.kwargs) - {"dim"} else ""
        if "index" in forms and len(step.args) == 2:
            return "index" if letters[:1] == "t" and index_kinds(step.args[1]) <= {*forms["index"].split()} else ""
        if letters[:1] == "t" and len(step.args) == 2 and isinstance(step.args[1], (tuple, list)) and not step.kwargs:
            plain = all(isinstance(size, int) for size in step.args[1])
            return next((form for form in ("shape", "order") if form in forms), "") if plain else ""
        return ""

    def shape(self, array: Array) -> str:
        """What is lacking where there is no instance of the array's shape; empty if there is one."""
        if self.scalar or not self.rank:
            return "arrays" if self.scalar and array.ndim else ""
        if self.rank > 1 and not array.size:
            return "arrays of size 0"
        return "" if array.ndim in (0, self.rank) else f"arrays of other than {self.rank} dimensions"

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
        found += [lack for leaf in program.inputs if (lack := self.shape(leaf.array))]
        return tuple(dict.fromkeys(found))


def _reduces(step: Step, how: str) -> bool:
    """Whether a reduction takes the dimensions that the step names, and can keep them if it is to."""
    named = {**dict(zip(("dim", "keepdim"), step.args[1:])), **step.kwargs}
    _, keep, *several = how.split()
    dim = named.get("dim")
    whole = [type(part) for part in dim] if several and isinstance(dim, (tuple, list)) else [type(dim)]
    return (keep != "-" or not named.get("keepdim")) and set(whole) <= {int, type(None)}


def _letter(arg: Any) -> str:
    if isinstance(arg, Ref):
        return "t" if arg.item is None else "?"
    return "n" if isinstance(arg, (int, float)) and not isinstance(arg, bool) else "?"


class Rootless(Exception):
    """Backward can't start at this value: it is no single number, and the class can't sum."""


class Handmade:
    """The engine: `run` makes of a program what the class makes of it."""

    shares_memory = False

    def __init__(
        self,
        cls: type,
        anatomy: Anatomy,
        name: str = "",
        around: Surroundings | None = None,
    ) -> None:
        self.name = name or cls.__name__
        self.version = ""
        self.subject = Subject(cls, anatomy, around)
        self.anatomy = anatomy
        #: The run that is under way, and what it is about.
        self.running, self.moment = Run(self.name), "program"
        #: Single numbers that a class of rows, or of rows of rows, holds as one of one, by id.
        self._single: dict[int, Any] = {}
        found = {op: dict(forms) for op, forms in calls(self.subject)}
        self.abilities = Abilities(anatomy.dtype, anatomy.scalar, anatomy.differentiates, found, anatomy.rank)
        #: Whether operands of different shapes are brought to one; who keeps lists must do it by hand.
        self.broadcasts = True
        self.broadcasts = anatomy.build != "list" or self._broadcasts()

    # -- Values, for the interpreter

    def renew(self) -> None:
        """Forget what was made before: a tape that the class is handed is another one."""
        self.subject.renew()
        self._single = {}

    def tensor(self, array: Array, requires_grad: bool) -> Any:
        made = self.subject.make(array, requires_grad)
        if self.anatomy.rank and not array.ndim:
            self._single[id(made)] = made
        return made

    def array(self, value: Any) -> Array:
        found = self.subject.array(value)
        return found.reshape(()) if id(value) in self._single and found.size == 1 else found

    def gradient(self, leaf: Any) -> Array | None:
        """The gradient of a leaf, None where there is none."""
        found = self.subject.gradient(leaf)
        return found.reshape(()) if found is not None and id(leaf) in self._single and found.size == 1 else found

    def requires_grad(self, value: Any) -> bool:
        return True

    def supports(self, op: str, spelling: str = "function") -> bool:
        return op in self.abilities.calls

    def call(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any], spelling: str) -> Any:
        forms = self.abilities.calls[op]
        if not self.broadcasts and len({self.array(arg).shape for arg in args if self.subject.holds(arg)}) > 1:
            raise NotImplementedError(f"{op} of different shapes")
        letters = "".join("t" if self.subject.holds(arg) else "n" for arg in args)
        how = forms.get(letters, "")
        along = letters == "tn" or kwargs.get("dim") is not None
        # torch has a dimension there, NumPy may have none
        if along and op in (*REDUCTIONS, *VARIANTS) and not self.array(args[0]).ndim:
            raise NotImplementedError(f"{op} along a dimension of a single number")
        if op == "matmul" and how.endswith("dot") and any(self.array(arg).ndim > 2 for arg in args):
            raise NotImplementedError("dot of batches")  # NumPy's sums over other axes than torch's matmul
        if how == "operator" and not kwargs:
            result = OPERATORS[op][1](*args)
        elif how == "property":
            result = getattr(args[0], "T")  # noqa: B009  any other name may come
        elif how and not kwargs:
            kind, _, name = how.partition(" ")
            result = self._named(name)(*args) if kind == "function" else getattr(args[0], how)(*args[1:])
        elif "index" in forms:
            result = args[0][args[1]]
        elif "list" in forms:
            _, name, axis, *star = forms["list"].split()
            dim = args[1] if len(args) > 1 else kwargs.get("dim", 0)
            result = self._named(name)(*(args[0] if star else [list(args[0])]), **{axis: dim})
        elif "shape" in forms or "order" in forms:
            method, _, apart = (forms.get("shape") or forms["order"]).partition(" ")
            result = getattr(args[0], method)(*(args[1] if apart else args[1:]))
        else:
            result = self._reduced(op, forms["dim"], args, kwargs)
        return self._own(op, args, result)

    def _named(self, name: str) -> Callable[..., Any]:
        function = self.subject.function(name)
        assert function is not None
        return function

    def _reduced(self, op: str, form: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        axis, keep, *_ = form.split()
        named = {**dict(zip(("dim", "keepdim"), args[1:])), **kwargs}
        dim = named.get("dim")
        given = {axis: tuple(dim) if isinstance(dim, (list, tuple)) else dim} if dim is not None else {}
        if keep != "-" and "keepdim" in named:
            given[keep] = named["keepdim"]
        return getattr(args[0], op)(**given)

    def _own(self, op: str, args: tuple[Any, ...], result: Any) -> Any:
        if not self.subject.holds(result):
            raise TypeError(f"{op} gives {type(result).__name__}, not {self.anatomy.cls}")
        if self.anatomy.rank:
            operands = [arg for arg in args if self.subject.holds(arg)]
            if op in REDUCTIONS or all(id(operand) in self._single for operand in operands):
                self._single[id(result)] = result
        return result

    def _broadcasts(self) -> bool:
        """Whether a row and a single number in a row come to one shape."""
        op = next((op for op in ("add", "mul", "sub") if "tt" in self.abilities.calls.get(op, {})), "")
        row, one = (np.reshape(numbers, (1,) * (self.anatomy.rank - 1) + (-1,)) for numbers in ([3.0, 5.0], [2.0]))
        try:
            result = self.call(op, (self.subject.make(row), self.subject.make(one)), {}, "operator")
            return bool(op) and np.array_equal(self.subject.array(result), OPERATORS[op][1](row, one))
        except Exception:
            return False

    # -- programs

    def run(self, program: Program) -> Run:
        """Run the program: values, and the gradients, one backward pass an output, each on values of its own.

        Errors of the class end up in `Run.error`, one that ends the process (SystemExit) among them.
        """
        if lacking := self.abilities.lacking(program):
            return Run(self.name, error=Raised(UNSUPPORTED, ", ".join(lacking), "step 0"))
        self.running, self.moment = Run(self.name), "program"
        live = self._forward(program)
        self.running = live.run
        if program.cotangents and live.run.error is None:
            self.moment = "backward"
            live.run.gradients = [None] * len(program.differentiable)
            self._differentiate(program, live)
        if len(live.tensors) >= len(program.inputs):
            live.attempt("backward", lambda: setattr(live.run, "touched", live.touched(program.inputs)))
        live.run.requires_grad = []  # no engine of this kind says
        return live.run

    def _forward(self, program: Program) -> Live:
        self.renew()
        live = Live(self, copying=False)
        try:
            if live.attempt_each("input", live.add_input, program.inputs):
                live.attempt_each("step", live.add_step, program.steps)
        except (SystemExit, GeneratorExit) as error:
            done = len(live.tensors)
            before = len(program.inputs)
            moment = f"input {done}" if done < before else f"step {done - before}"
            live.run.error = Raised(type(error).__name__, str(error), moment)
            return live
        raised = live.run.error
        # An array that no instance can be made of is another thing that the class lacks: a list has no 0 dimensions.
        if raised is not None and (raised.type in _REFUSALS or raised.moment.startswith("input")):
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
                    found = self.gradient(live.tensors[number])
                    if found is not None:
                        found = found if scale is None else found * scale
                        before = total[number]
                        total[number] = found if before is None else before + found
        except Rootless as error:
            run.error = Raised(UNSUPPORTED, str(error), "backward")
            return
        except (Exception, SystemExit, GeneratorExit) as error:
            run.error = Raised(type(error).__name__, str(error), "backward")
            return
        run.gradients = list(total.values())

    def backward(self, root: Any) -> None:
        """Go backward from ones, in the way in which programs do."""
        self.subject.backward(self._root(root, np.ones_like(self.array(root)))[0], None)

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
        if self.anatomy.any_root or not self.array(root).ndim:
            return root
        if not self.subject.sums:
            raise Rootless("sum, for backward to start from")
        return self.subject.total(root)


def _reached(program: Program) -> set[int]:
    """The values that depend on an input that requires grad."""
    found = set(program.differentiable)
    for number, step in enumerate(program.steps, start=len(program.inputs)):
        if any(ref.index in found for ref in step.refs()):
            found.add(number)
    return found
