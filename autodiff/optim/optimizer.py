"""Optimizer: groups of parameters with their settings, state by parameter, hooks; what a step is, a subclass says.

A subclass gives the settings with their defaults, the state that a parameter begins with, and one parameter's update.
"""

from __future__ import annotations

import copy
import functools
import itertools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from autodiff._core.modes import enable_grad, set_grad_enabled
from autodiff._core.node import RemovableHandle
from autodiff._core.registry import ops
from autodiff._core.sparse import Sparse
from autodiff._core.tensor import Tensor

Hook = Callable[..., Any]
Group = dict[str, Any]

_numbers = itertools.count()
_EVERY_PRE: OrderedDict[int, Hook] = OrderedDict()
_EVERY_POST: OrderedDict[int, Hook] = OrderedDict()


def _hang(table: OrderedDict[int, Hook], hook: Hook, prepend: bool = False) -> RemovableHandle:
    number = next(_numbers)
    table[number] = hook
    if prepend:
        table.move_to_end(number, last=False)
    return RemovableHandle(table, number)  # type: ignore[arg-type]


def register_optimizer_step_pre_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` before every optimizer's step; it may return others."""
    return _hang(_EVERY_PRE, hook)


def register_optimizer_step_post_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` after every optimizer's step."""
    return _hang(_EVERY_POST, hook)


class _Required:
    def __repr__(self) -> str:
        return "<required parameter>"


#: A setting without a default, which every group must then give.
required = _Required()

#: Setting to what torch says of one that is out of range, and the range.
_RANGES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "lr": ("Invalid learning rate: {}", lambda v: v >= 0),
    "eps": ("Invalid epsilon value: {}", lambda v: v >= 0),
    "weight_decay": ("Invalid weight_decay value: {}", lambda v: v >= 0),
    "momentum": ("Invalid momentum value: {}", lambda v: v >= 0),
    "momentum_decay": ("Invalid momentum_decay value: {}", lambda v: v >= 0),
    "alpha": ("Invalid alpha value: {}", lambda v: v >= 0),
    "rho": ("Invalid rho value: {}", lambda v: 0 <= v <= 1),
    "lr_decay": ("Invalid lr_decay value: {}", lambda v: v >= 0),
    "initial_accumulator_value": ("Invalid initial_accumulator_value value: {}", lambda v: v >= 0),
}


def check(**settings: Any) -> None:
    """Raise ValueError for a setting out of the range that all optimizers have for it."""
    lr = settings.get("lr")
    if isinstance(lr, Tensor) and lr.numel() != 1:  # type: ignore[attr-defined]
        raise ValueError("Tensor lr must be 1-element")
    for name, value in settings.items():
        if name == "betas":
            for place, beta in enumerate(value):
                if not 0 <= beta < 1:
                    raise ValueError(f"Invalid beta parameter at index {place}: {beta}")
        elif name in _RANGES:
            words, fits = _RANGES[name]
            if not fits(value):
                raise ValueError(words.format(value))


class Optimizer:
    """Base class of all: `params` are tensors, pairs of name and tensor, or dicts of these with settings of their own.

    Raises ValueError for none at all, for a tensor that no gradient reaches, or one in two groups.
    """

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self._optimizer_step_pre_hooks: OrderedDict[int, Hook] = OrderedDict()
        self._optimizer_step_post_hooks: OrderedDict[int, Hook] = OrderedDict()
        self._optimizer_state_dict_pre_hooks: OrderedDict[int, Hook] = OrderedDict()
        self._optimizer_state_dict_post_hooks: OrderedDict[int, Hook] = OrderedDict()
        self._optimizer_load_state_dict_pre_hooks: OrderedDict[int, Hook] = OrderedDict()
        self._optimizer_load_state_dict_post_hooks: OrderedDict[int, Hook] = OrderedDict()
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                f"torch.{params.type().removeprefix('torch.')}"  # type: ignore[attr-defined]
            )
        if defaults.get("fused") and defaults.get("differentiable"):
            raise RuntimeError("`fused` does not support `differentiable`")
        if defaults.get("fused") and defaults.get("foreach"):
            raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
        self.state: defaultdict[Tensor, Any] = defaultdict(dict)
        self.param_groups: list[Group] = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    # -- groups -----------------------------------------------------------------------------------------------------

    def add_param_group(self, param_group: Group) -> None:
        """One group of parameters more, with the defaults where it has no setting of its own."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, Tensor):
            params = [params]
        elif isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets "
                "will change between runs. Please use a list instead."
            )
        params = list(params)
        names = [p[0] for p in params if isinstance(p, tuple)]
        if names and len(names) != len(params):
            raise ValueError("all optimizer params should be with/without names. Some param names are missing")
        param_group["params"] = params = [p[1] if isinstance(p, tuple) else p for p in params]
        if names:
            param_group["param_names"] = names
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {_typename(p)}")
            if not (self.defaults.get("differentiable") or p.is_leaf or p.retains_grad):  # type: ignore[attr-defined]
                raise ValueError("can't optimize a non-leaf Tensor")
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            param_group.setdefault(name, default)
        if len({id(p) for p in params}) != len(params):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will cause an error; "
                "see github.com/pytorch/pytorch/issues/40967 for more information",
                stacklevel=3,
            )
        taken = {id(p) for group in self.param_groups for p in group["params"]}
        if taken & {id(p) for p in params}:
            raise ValueError("some parameters appear in more than one parameter group")
        if self.param_groups and ("param_names" in param_group) != ("param_names" in self.param_groups[0]):
            there = "with names" if "param_names" in self.param_groups[0] else "without names"
            raise ValueError(
                "all optimizer param groups should be with/without names. cannot add param group "
                f"{'without' if there == 'with names' else 'with'} names to the optimizer"
            )
        self.param_groups.append(param_group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Reset the gradients of all parameters, to None or to zero."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                if set_to_none:
                    p.grad = None
                else:
                    if p.grad.grad_fn is not None:
                        p.grad.detach_()
                    else:
                        p.grad.requires_grad_(False)
                    p.grad.zero_()

    # -- steps ------------------------------------------------------------------------------------------------------

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "step" in cls.__dict__:
            cls.step = _with_hooks(cls.__dict__["step"])  # type: ignore[method-assign]

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters; `closure` computes the loss anew, which is returned."""
        raise NotImplementedError

    def register_step_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before every step; it may return others."""
        return _hang(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after every step."""
        return _hang(self._optimizer_step_post_hooks, hook)

    # -- state ------------------------------------------------------------------------------------------------------

    def register_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` before state_dict()."""
        return _hang(self._optimizer_state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` after state_dict(); what it returns takes the dict's place."""
        return _hang(self._optimizer_state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` before a load; what it returns takes the dict's place."""
        return _hang(self._optimizer_load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` after a load."""
        return _hang(self._optimizer_load_state_dict_post_hooks, hook, prepend)

    def state_dict(self) -> dict[str, Any]:
        """State by the parameter's place among all of them, and the groups with places for parameters."""
        for hook in list(self._optimizer_state_dict_pre_hooks.values()):
            hook(self)
        places = {id(p): i for i, p in enumerate(p for group in self.param_groups for p in group["params"])}
        found: Any = {
            "state": {places[id(k)] if isinstance(k, Tensor) else k: v for k, v in self.state.items()},
            "param_groups": [
                {k: v for k, v in group.items() if k != "params"} | {"params": [places[id(p)] for p in group["params"]]}
                for group in self.param_groups
            ],
        }
        for hook in list(self._optimizer_state_dict_post_hooks.values()):
            replaced = hook(self, found)
            found = found if replaced is None else replaced
        return found  # type: ignore[no-any-return]

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take state and settings from a state_dict; tensors of state are cast to their parameter's dtype.

        Raises ValueError where its groups are not of the sizes of this optimizer's.
        """
        given: Any = dict(state_dict)
        for hook in list(self._optimizer_load_state_dict_pre_hooks.values()):
            replaced = hook(self, given)
            given = given if replaced is None else replaced
        groups = copy.deepcopy(given["param_groups"])
        if len(groups) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(new["params"]) != len(old["params"]) for new, old in zip(groups, self.param_groups)):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        by_place = dict(
            zip(
                itertools.chain.from_iterable(g["params"] for g in groups),
                itertools.chain.from_iterable(g["params"] for g in self.param_groups),
            )
        )
        self.state = defaultdict(dict)
        for key, value in given["state"].items():
            p = by_place.get(key)
            self.state[key if p is None else p] = _cast(value, p)
        for new, old in zip(groups, self.param_groups):
            new["params"] = old["params"]
            if "param_names" in old and "param_names" not in new:
                new["param_names"] = old["param_names"]
        self.param_groups = groups
        for hook in list(self._optimizer_load_state_dict_post_hooks.values()):
            hook(self)

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for name in (
            "step_pre",
            "step_post",
            "state_dict_pre",
            "state_dict_post",
            "load_state_dict_pre",
            "load_state_dict_post",
        ):
            self.__dict__.setdefault(f"_optimizer_{name}_hooks", OrderedDict())

    def __repr__(self) -> str:
        groups = [
            "\n".join(
                [f"Parameter Group {i}", *(f"    {name}: {group[name]}" for name in sorted(group) if name != "params")]
            )
            for i, group in enumerate(self.param_groups)
        ]
        return f"{type(self).__name__} (\n" + "\n\n".join(groups) + "\n)"


def _with_hooks(step: Callable[..., Any]) -> Callable[..., Any]:
    """A step with what hangs on it."""

    @functools.wraps(step)
    def hooked(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        for hook in [*_EVERY_PRE.values(), *self._optimizer_step_pre_hooks.values()]:
            replaced = hook(self, args, kwargs)
            if replaced is not None:
                if not (isinstance(replaced, tuple) and len(replaced) == 2):
                    raise RuntimeError(
                        f"{hook} must return None or a tuple of (new_args, new_kwargs), but got {replaced}."
                    )
                args, kwargs = replaced
        found = step(self, *args, **kwargs)
        for hook in [*self._optimizer_step_post_hooks.values(), *_EVERY_POST.values()]:
            hook(self, args, kwargs)
        return found

    return hooked


class OneByOne(Optimizer):
    """An optimizer that updates each parameter by its own gradient and state."""

    #: Whether the update of complex numbers is that of their two parts.
    in_parts: ClassVar[bool] = True
    #: What it says to a sparse gradient: None if it takes one, "" for torch's usual words.
    to_sparse: ClassVar[str | None] = ""

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient; `closure` computes the loss anew first, which is returned."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            if group.get("capturable"):
                raise AssertionError(
                    "If capturable=True, params and state_steps must be on supported devices: "
                    "['cuda', 'xpu', 'hpu', 'privateuseone', 'xla']."
                )
            with set_grad_enabled(bool(group.get("differentiable"))):
                for p in group["params"]:
                    if p.grad is not None:
                        self._step(p, group)
        return loss

    def _step(self, p: Any, group: Group) -> None:
        if isinstance(p.grad, Sparse) and self.to_sparse is not None:
            raise RuntimeError(self.to_sparse or f"{type(self).__name__} does not support sparse gradients")
        state = self.state.get(p) or self._begin(p, group)
        grad = -p.grad if group.get("maximize") else p.grad
        decay = group.get("weight_decay", 0)
        if decay and not group.get("decoupled_weight_decay"):
            if isinstance(grad, Sparse):
                raise RuntimeError("weight_decay option is not compatible with sparse gradients")
            grad = grad.add(p, alpha=decay)
        if p.is_complex() and self.in_parts:
            # The parts share their tensor's memory, so that what is written into them is in the state.
            parts = {k: ops.view_as_real(v) if v.is_complex() else v for k, v in state.items()}
            self._update(ops.view_as_real(p), ops.view_as_real(grad), parts, group)
        else:
            self._update(p, grad, state, group)
        if state:
            self.state[p] = state

    def _begin(self, p: Any, group: Group) -> dict[str, Any]:
        """The state of a parameter before its first update."""
        return {}

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: Group) -> None:
        """Update one parameter, and its state, in place."""
        raise NotImplementedError


def _cast(value: Any, p: Any, key: str = "") -> Any:
    """A piece of state as the parameter needs it: in its dtype, but for the count of steps."""
    if isinstance(value, Tensor):
        known: Any = value
        return known.to(p.dtype) if p is not None and key != "step" and p.is_floating_point() else known.clone()
    if isinstance(value, dict):
        return {k: _cast(v, p, k) for k, v in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return type(value)(_cast(v, p) for v in value)  # type: ignore[call-arg]
    return value


def _typename(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
