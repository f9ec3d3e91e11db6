"""torch compiled: a program becomes one graph for `torch.compile`, whose gradients torch's tape takes."""

from __future__ import annotations

import operator
from typing import Any

from parity.engines.adapters.torch_func import TorchFunc
from parity.engines.interpreter import Live
from parity.engines.protocol import Run
from parity.errors import UsageError
from parity.program import Program, Ref, substitute


class TorchCompile(TorchFunc):
    """It takes programs whole: what is compiled is all of their steps at once."""

    order = 1

    def __init__(self, backend: str = "inductor") -> None:
        super().__init__()
        if backend not in (known := self.torch.module.compiler.list_backends(None)):
            raise UsageError(f"torch.compile has no backend {backend!r}; it has {', '.join(known)}")
        self.name, self.backend, self.version = "torch.compile", backend, f"{self.version} ({backend})"
        self.torch.module._logging.set_logs(all=50)  # what does not compile is an error of its program

    def run(self, program: Program) -> Run:
        live = Live(self.torch, copying=False)
        if not live.attempt_each("input", live.add_input, program.inputs) or not live.attempt(
            "step 0", lambda: live.tensors.extend(self._compiled(program, list(live.tensors)))
        ):
            return live.run
        tree_map = self.torch.module.utils._pytree.tree_map
        live.run.values += tree_map(self.torch.array, live.tensors[len(program.inputs) :])
        if program.cotangents:
            live.differentiate(program)
        live.run.requires_grad = []
        return live.run

    def _compiled(self, program: Program, leaves: list[Any]) -> list[Any]:
        torch, graph = self.torch.module, self.torch.module.fx.Graph()
        torch._dynamo.reset()
        made = [graph.placeholder(f"x{number}") for number in range(len(leaves))]

        def node(leaf: Any) -> Any:
            if not isinstance(leaf, Ref):
                return self.torch.dtype(leaf.name)
            found = made[leaf.index]
            return found if leaf.item is None else graph.call_function(operator.getitem, (found, leaf.item))

        for step in program.steps:
            kwargs = {key: substitute(value, node) for key, value in step.kwargs.items()}
            call = self.torch._find(step.op, step.spelling)
            made.append(graph.call_function(call, substitute(step.args, node), kwargs))
        graph.output(tuple(made[len(leaves) :]))
        whole = torch.fx.GraphModule(torch.nn.Module(), graph)
        return list(torch.compile(whole, backend=self.backend, dynamic=False)(*leaves))


parity_engine = TorchCompile
