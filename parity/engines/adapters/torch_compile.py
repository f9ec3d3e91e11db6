"""torch compiled: a program becomes one graph for `torch.compile`, whose gradients torch's tape takes."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from parity.engines.adapters.torch_func import TorchFunc
from parity.engines.interpreter import Live
from parity.engines.protocol import Run
from parity.program import Program, Ref, substitute


class TorchCompile(TorchFunc):
    """It takes programs whole: what is compiled is all of their steps at once."""

    order = 1

    def __init__(self) -> None:
        super().__init__()
        self.name = "torch.compile"

    def run(self, program: Program) -> Run:
        live = Live(self.torch, copying=False)
        if not live.attempt_each("input", live.add_input, program.inputs):
            return live.run
        leaves = list(live.tensors)
        if not live.attempt("step 0", lambda: live.tensors.extend(self._compiled(program, leaves))):
            return live.run
        live.run.values += [self._arrays(made) for made in live.tensors[len(leaves) :]]
        if program.cotangents:
            live.differentiate(program)
        live.run.requires_grad = []
        return live.run

    def _arrays(self, made: Any) -> Any:
        return tuple(map(self._arrays, made)) if isinstance(made, tuple) else self.torch.array(made)

    def _compiled(self, program: Program, leaves: Sequence[Any]) -> list[Any]:
        torch = self.torch.module
        torch._dynamo.reset()
        graph = torch.fx.Graph()
        made = [graph.placeholder(f"x{number}") for number in range(len(leaves))]

        def node(leaf: Any) -> Any:
            if not isinstance(leaf, Ref):
                return self.torch.dtype(leaf.name)
            found = made[leaf.index]
            return found if leaf.item is None else graph.call_function(operator.getitem, (found, leaf.item))

        for step in program.steps:
            call = self.torch._find(step.op, step.spelling)
            kwargs = {key: substitute(value, node) for key, value in step.kwargs.items()}
            made.append(graph.call_function(call, substitute(step.args, node), kwargs))
        graph.output(tuple(made[len(leaves) :]))
        return list(torch.compile(torch.fx.GraphModule(torch.nn.Module(), graph), dynamic=False)(*leaves))


parity_engine = TorchCompile
