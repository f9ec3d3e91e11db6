"""A program as a stand-alone script in an engine's own words beside torch's; runs nothing, knows no values.

What a script needs besides the engine's table of words is how leaves, values and gradients are had there.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from parity.errors import UsageError
from parity.notation import Notation, elements
from parity.program import Array, Program, Ref, Step

#: By engine: its imports, and the functions `value` and `gradients` of a function of arrays.
PREAMBLES: Mapping[str, str] = {
    "jax": """
import jax
import jax.lax as lax
import jax.nn as nn
import jax.numpy as np
import jax.scipy.special as sp

jax.config.update("jax_enable_x64", True)


def value(function, leaves):
    return function(*leaves)


def gradients(function, leaves, seed):
    return jax.vjp(function, *leaves)[1](np.asarray(seed))
""",
    "autograd": """
import autograd
import autograd.numpy as np
import autograd.scipy.special as sp


def value(function, leaves):
    return function(*leaves)


def gradients(function, leaves, seed):
    return [autograd.make_vjp(function, number)(*leaves)[0](seed) for number in range(len(leaves))]
""",
    "mygrad": """
import mygrad as np
import mygrad.nnet.activations as nn


def value(function, leaves):
    return function(*map(np.tensor, leaves)).data


def gradients(function, leaves, seed):
    tensors = [np.tensor(leaf) for leaf in leaves]
    function(*tensors).backward(seed)
    return [tensor.grad for tensor in tensors]
""",
    "tinygrad": """
from tinygrad import Tensor


def value(function, leaves):
    return function(*map(Tensor, leaves)).numpy()


def gradients(function, leaves, seed):
    tensors = [Tensor(leaf) for leaf in leaves]
    return [gradient.numpy() for gradient in function(*tensors).gradient(*tensors, gradient=Tensor(seed))]
""",
    "torch.func": """
def value(function, leaves):
    return function(*map(torch.from_numpy, leaves)).numpy()


def gradients(function, leaves, seed):
    return torch.func.vjp(function, *map(torch.from_numpy, leaves))[1](torch.from_numpy(seed))
""",
}
_TORCH = """
def torch_value(function, leaves):
    return function(*map(torch.from_numpy, leaves)).numpy()


def torch_gradients(function, leaves, seed):
    tensors = [torch.from_numpy(leaf).requires_grad_(leaf.dtype.kind in "fc") for leaf in leaves]
    wanted = [tensor for tensor in tensors if tensor.requires_grad]
    found = iter(torch.autograd.grad(function(*tensors), wanted, torch.from_numpy(seed), allow_unused=True))
    return [next(found).numpy() if tensor.requires_grad else None for tensor in tensors]
"""


def foreign_script(
    program: Program, engine: str, dialect: Any, *, title: str, where: int, element: Sequence[int], truth: str
) -> str:
    """A script that shows a value or a gradient in both engines, and what certified arithmetic says about one element.

    `where` is the number of the value, or of the input whose gradient is shown. UsageError for a program that has more
    outputs than one or an order of derivative above the first.
    """
    if engine not in PREAMBLES and engine != "torch":
        raise UsageError(f"no script is written in the words of {engine}; there are {', '.join(PREAMBLES)}")
    if len(program.outputs) > 1 or program.second:
        raise UsageError("a script shows a program of one output and first derivatives")
    names = Notation(program, "torch.")
    gradient = where < len(program.inputs)
    count = len(program.inputs)
    result = program.outputs[0] if program.outputs and gradient else Ref(where)
    leaves = names.names[:count]
    lines = [f'"""{title}\n\nThe truth is that of certified ball arithmetic (python-flint).\n"""', "", "import numpy"]
    lines += ["import torch", *PREAMBLES.get(engine, "").rstrip().splitlines(), "", *_TORCH.splitlines(), ""]
    lines += ["", *_function("ours", program, names, result, None), "", ""]
    if engine != "torch":
        lines += [*_function("theirs", program, names, result, dialect), "", ""]
    lines += ["leaves = ["]
    lines += [f"    {_array(leaf.array)},  # {name}" for leaf, name in zip(program.inputs, leaves)]
    lines += ["]"]
    if gradient:
        lines += [f"seed = {_array(program.cotangents[0])}"]
        ours, theirs = (f"{{}}gradients({name}, leaves, seed)[{where}]" for name in ("ours", "theirs"))
    else:
        ours, theirs = (f"{{}}value({name}, leaves)" for name in ("ours", "theirs"))
    lines += [f'print("torch   ", {ours.format("torch_")})']
    if engine != "torch":
        lines += [f'print("{engine:8}", {theirs.format("")})']
    place = f" at {list(element)}" if element else ""
    lines += [f'print("truth   ", {truth + place!r})']
    return "\n".join(lines).replace("\n\n\n\n", "\n\n\n") + "\n"


def _function(name: str, program: Program, names: Notation, result: Ref, dialect: Any) -> list[str]:
    lines = [f"def {name}({', '.join(names.names[: len(program.inputs)])}):"]
    for number, step in enumerate(program.steps):
        made = names.names[len(program.inputs) + number]
        lines.append(f"    {made} = {names.expression(step) if dialect is None else _words(step, names, dialect)}")
    lines.append(f"    return {names.ref(result)}")
    return lines


def _words(step: Step, names: Notation, dialect: Any) -> str:
    if step.op not in dialect.ops:  # torch's own words
        return names.expression(step)
    text: str = dialect.row(step.op).written(
        [names.value(arg) for arg in step.args], {key: names.value(value) for key, value in step.kwargs.items()}
    )
    return text


def _array(array: Array) -> str:
    text = f"numpy.array({elements(array)}, numpy.{array.dtype.name})".replace("bool)", "bool_)")
    for special in ("nan", "inf"):
        text = text.replace(f"{special}", f"numpy.{special}")
    return textwrap.shorten(text, 10**6)
