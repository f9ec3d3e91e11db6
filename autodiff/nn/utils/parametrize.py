"""Parametrizations: a tensor of a module computed, whenever it is read, from what is learned in its stead."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Sequence
from typing import Any

from autodiff._core.modes import no_grad
from autodiff._core.tensor import Tensor
from autodiff.nn.modules.container import ModuleDict, ModuleList
from autodiff.nn.modules.module import Module
from autodiff.nn.parameter import Parameter


class _Cache:
    """What was computed within `cached()`, by module and name."""

    depth = 0
    held: dict[tuple[int, str], Any] = {}


@contextlib.contextmanager
def cached() -> Iterator[None]:
    """A region in which each parametrized tensor is computed once."""
    _Cache.depth += 1
    try:
        yield
    finally:
        _Cache.depth -= 1
        if not _Cache.depth:
            _Cache.held = {}


class ParametrizationList(ModuleList):
    """The modules that compute one tensor, in order, and what they start from: `original`, or `original0` and so on."""

    original: Any

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if not len(modules):
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype  # type: ignore[attr-defined]
        with no_grad():
            new: Any = original
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    # Who has none may say so.
                    with contextlib.suppress(NotImplementedError):
                        new = module.right_inverse(new)
        self.is_tensor = isinstance(new, Tensor)
        if not self.is_tensor and not isinstance(new, Sequence):
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                f"Got {type(new).__name__}"
            )
        self.ntensors = 1 if self.is_tensor else len(new)
        if self.is_tensor:
            if new.dtype != dtype:
                raise ValueError(
                    "When `right_inverse` outputs one tensor, it may not change the dtype.\n"
                    f"original.dtype: {dtype}\nright_inverse(original).dtype: {new.dtype}"
                )
            original.data = new.detach()  # type: ignore[attr-defined]
            _register(self, "original", original)
        else:
            for i, part in enumerate(new):
                if not isinstance(part, Tensor):
                    raise ValueError(
                        "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                        f"Got element {i} of the sequence with type {type(part).__name__}."
                    )
                if isinstance(original, Parameter):
                    part = Parameter(part, original.requires_grad)
                _register(self, f"original{i}", part.requires_grad_(original.requires_grad))
        if not unsafe:
            _check(
                self(), shape, dtype, "the tensor, unless `unsafe` flag is enabled", "unparametrized", "parametrized"
            )

    def _originals(self) -> list[Any]:
        return [self.original] if self.is_tensor else [getattr(self, f"original{i}") for i in range(self.ntensors)]

    def right_inverse(self, value: Any) -> None:
        """Set what is learned so that the modules compute `value` from it, as their right inverses say."""
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(f"parametrization {type(module).__name__} does not implement right_inverse.")
                value = module.right_inverse(value)
            if self.is_tensor:
                if not isinstance(value, Tensor):
                    raise ValueError(f"`right_inverse` should return a tensor. Got {type(value).__name__}")
                if value.dtype != self.original.dtype:
                    raise ValueError(
                        f"The tensor returned by `right_inverse` has dtype {value.dtype} "
                        f"while `original` has dtype {self.original.dtype}"
                    )
                value = [value]
            elif not isinstance(value, Sequence):
                raise ValueError(f"'right_inverse' must return a sequence of tensors. Got {type(value).__name__}.")
            elif len(value) != self.ntensors:
                raise ValueError(
                    f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. "
                    f"Got a sequence of length {len(value)}."
                )
            for i, (held, part) in enumerate(zip(self._originals(), value)):
                if not isinstance(part, Tensor):
                    raise ValueError(
                        f"'right_inverse' must return a sequence of tensors. Got element {i} of type "
                        f"{type(part).__name__}."
                    )
                if part.dtype != held.dtype:
                    raise ValueError(
                        f"Tensor {i} returned by `right_inverse` has dtype {part.dtype} "
                        f"while `original{i}` has dtype {held.dtype}"
                    )
                held.data = part.detach()

    def forward(self) -> Any:
        """The tensor, computed."""
        first, *rest = self
        found = first(*self._originals())
        for module in rest:
            found = module(found)
        return found


def _register(module: Module, name: str, tensor: Any) -> None:
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _check(found: Any, shape: Any, dtype: Any, where: str, before: str, after: str) -> None:
    if not isinstance(found, Tensor):
        raise ValueError(f"A parametrization must return a tensor. Got {type(found).__name__}.")
    for what, was, now in (("dtype", dtype, found.dtype), ("shape", shape, found.shape)):  # type: ignore[attr-defined]
        if was != now:
            raise ValueError(
                f"Registering a parametrization may not change the {what} of {where}.\n"
                f"{before} {what}: {was}\n{after} {what}: {now}"
            )


def _refuse_state(self: Any) -> Any:
    raise RuntimeError("Serialization of parametrized modules is only supported through state_dict().")


def _copied(self: Any, memo: dict[int, Any]) -> Any:
    if id(self) not in memo:
        twin = memo[id(self)] = self.__new__(type(self))
        twin.__dict__ = copy.deepcopy(self.__dict__, memo)
    return memo[id(self)]


def _with_class_of_its_own(module: Any) -> None:
    """Properties belong to classes: the module gets one that is no other's."""
    kind = type(module)
    members: dict[str, Any] = {"__getstate__": _refuse_state}
    if not hasattr(kind, "__deepcopy__"):
        members["__deepcopy__"] = _copied
    module.__class__ = type(f"Parametrized{kind.__name__}", (kind,), members)


def _computed(name: str) -> property:
    def get(self: Any) -> Any:
        if not _Cache.depth:
            return self.parametrizations[name]()
        key = id(self), name
        if key not in _Cache.held:
            _Cache.held[key] = self.parametrizations[name]()
        return _Cache.held[key]

    return property(get, lambda self, value: self.parametrizations[name].right_inverse(value))


def register_parametrization(module: Any, tensor_name: str, parametrization: Module, *, unsafe: bool = False) -> Any:
    """From now on `module.tensor_name` is what the module `parametrization` makes of what is learned; `module` itself.

    A method `right_inverse` of it says what is to be learned for a given tensor, or several for a tuple. Another one on
    the same tensor goes after the first. Raises ValueError for a name that is no parameter or buffer, and unless
    `unsafe` where dtype or shape would change.
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            now = getattr(module, tensor_name)
            then = parametrization(now)
            where = "the tensor, unless the `unsafe` flag is enabled"
            _check(then, now.shape, now.dtype, where, f"module.{tensor_name}", f"parametrization(module.{tensor_name})")
            if hasattr(parametrization, "right_inverse"):
                with contextlib.suppress(NotImplementedError):
                    back = parametrization.right_inverse(then)
                    if not isinstance(back, Tensor):
                        raise ValueError(
                            f"parametrization.right_inverse must return a tensor. Got: {type(back).__name__}"
                        )
                    if (back.dtype, back.shape) != (now.dtype, now.shape):  # type: ignore[attr-defined]
                        raise ValueError(
                            "The tensor returned by parametrization.right_inverse must have the same dtype and shape "
                            f"as module.{tensor_name}, unless the `unsafe` flag is enabled."
                        )
        module.parametrizations[tensor_name].append(parametrization)
        module.parametrizations[tensor_name].unsafe |= unsafe
        return module
    if tensor_name not in module._buffers and tensor_name not in module._parameters:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name "
            f"'{tensor_name}'"
        )
    listed = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe=unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        _with_class_of_its_own(module)
        module.parametrizations = ModuleDict()
    setattr(type(module), tensor_name, _computed(tensor_name))
    module.parametrizations[tensor_name] = listed
    return module


def is_parametrized(module: Any, tensor_name: str | None = None) -> bool:
    """Whether a tensor of the module is computed, or any if no name is given."""
    held = getattr(module, "parametrizations", None)
    if not isinstance(held, ModuleDict):
        return False
    return len(held) > 0 if tensor_name is None else tensor_name in held


def remove_parametrizations(module: Any, tensor_name: str, leave_parametrized: bool = True) -> Any:
    """A plain tensor again: as it was computed last, or what was learned if not `leave_parametrized`.

    Raises ValueError for a tensor that is not parametrized, or was computed of several that cannot be left.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    held = module.parametrizations[tensor_name]
    if not held.is_tensor and not leave_parametrized:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a "
            "sequence of tensors."
        )
    if held.is_tensor:
        left = held.original
        if leave_parametrized:
            with no_grad():
                left.data = getattr(module, tensor_name).detach()
    else:
        last = getattr(module, tensor_name)
        left = Parameter(last.detach()) if last.requires_grad else last
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _register(module, tensor_name, left)
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        module.__class__ = type(module).__bases__[0]
    return module


def transfer_parametrizations_and_params(from_module: Any, to_module: Any, tensor_name: str | None = None) -> Any:
    """The second module, parametrized as the first is, or one tensor of it, and with what is learned there."""
    if not is_parametrized(from_module):
        return to_module
    for name in list(from_module.parametrizations) if tensor_name is None else [tensor_name]:
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name)))
        held = from_module.parametrizations[name]
        for parametrization in held:
            register_parametrization(to_module, name, parametrization)
        for part in ["original"] if held.is_tensor else [f"original{i}" for i in range(held.ntensors)]:
            setattr(to_module.parametrizations[name], part, getattr(held, part))
    return to_module


def type_before_parametrizations(module: Any) -> type:
    """The module's class, without what a parametrization made of it."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)
