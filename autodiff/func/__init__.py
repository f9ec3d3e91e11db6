"""torch.func: functions made into their derivatives, and functions of one sample into functions of many."""

from __future__ import annotations

from autodiff.func.derivatives import grad, grad_and_value, jvp, linearize, vjp
from autodiff.func.jacobians import hessian, jacfwd, jacrev
from autodiff.func.mapping import vmap
from autodiff.func.modules import functional_call, functionalize, replace_all_batch_norm_modules_, stack_module_state

__all__ = [
    "functional_call",
    "functionalize",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "replace_all_batch_norm_modules_",
    "stack_module_state",
    "vjp",
    "vmap",
]
