"""Pruning: a parameter masked before every forward; what is learned is `name_orig`, the mask a buffer, `name_mask`."""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from autodiff._core.registry import ops
from autodiff.nn.modules.module import Module
from autodiff.nn.utils.convert_parameters import parameters_to_vector


class BasePruningMethod(ABC):
    """A pre-forward hook that sets one parameter of a module to its masked value; `compute_mask` is to be given."""

    #: Which part of the mask an iteration sees: "unstructured", "structured" (along `dim`) or "global".
    PRUNING_TYPE: ClassVar[str]
    _tensor_name: str

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask for importances `t`, no larger than `default_mask`."""

    def apply_mask(self, module: Module) -> Any:
        """The parameter times its mask."""
        if self._tensor_name is None:
            raise AssertionError(f"Module {module} has to be pruned")
        original = getattr(module, f"{self._tensor_name}_orig")
        return getattr(module, f"{self._tensor_name}_mask").to(dtype=original.dtype) * original

    @classmethod
    def apply(cls, module: Any, name: str, *args: Any, importance_scores: Any = None, **kwargs: Any) -> Any:
        """Prune a parameter, further if it is pruned already; the hook, which is a PruningContainer then."""
        method = _hooked(module, name, cls(*args, **kwargs))
        further = isinstance(method, PruningContainer)
        original = getattr(module, name)
        if importance_scores is None:
            importance_scores = original
        _check_scores(importance_scores, original, f"parameter {name} of {module}")
        if further:
            mask = getattr(module, f"{name}_mask").detach().clone()
        else:
            module.register_parameter(f"{name}_orig", original)
            del module._parameters[name]
            mask = ops.ones_like(original)
        try:
            mask = method.compute_mask(importance_scores, default_mask=mask)
            module.register_buffer(f"{name}_mask", mask)
            setattr(module, name, method.apply_mask(module))
            module.register_forward_pre_hook(method)
        except Exception:
            if not further:
                module.register_parameter(name, getattr(module, f"{name}_orig"))
                del module._parameters[f"{name}_orig"]
            raise
        return method

    def prune(self, t: Any, default_mask: Any = None, importance_scores: Any = None) -> Any:
        """A tensor times the mask computed for it, or for the importances of its elements."""
        if importance_scores is None:
            importance_scores = t
        _check_scores(importance_scores, t, "tensor t")
        return t * self.compute_mask(importance_scores, ops.ones_like(t) if default_mask is None else default_mask)

    def remove(self, module: Any) -> None:
        """Make the masked value the parameter itself; the hook stays, for `prune.remove` to take away."""
        name = self._tensor_name
        if name is None:
            raise AssertionError(f"Module {module} has to be pruned before pruning can be removed")
        weight = self.apply_mask(module)
        if hasattr(module, name):
            delattr(module, name)
        original = module._parameters.pop(f"{name}_orig")
        original.data = weight.data
        del module._buffers[f"{name}_mask"]
        setattr(module, name, original)


def _hooked(module: Any, name: str, method: BasePruningMethod) -> BasePruningMethod:
    """The hook that is to prune the parameter: the method, or what pruned it before with the method added."""
    method._tensor_name = name
    found = _hooks(module, name)
    if len(found) > 1:
        raise AssertionError(
            f"Avoid adding multiple pruning hooks to the same tensor {name} of module {module}. Use a PruningContainer."
        )
    for key, before in found.items():
        del module._forward_pre_hooks[key]
        container = before if isinstance(before, PruningContainer) else PruningContainer(before)
        container.add_pruning_method(method)
        return container
    return method


def _hooks(module: Any, name: str | None = None) -> dict[int, BasePruningMethod]:
    """A module's pruning hooks by their keys, of one parameter or of all."""
    return {
        key: hook
        for key, hook in module._forward_pre_hooks.items()
        if isinstance(hook, BasePruningMethod) and name in (None, hook._tensor_name)
    }


def _check_scores(scores: Any, t: Any, what: str) -> None:
    if scores.shape != t.shape:
        raise AssertionError(f"importance_scores should have the same shape as {what}, got {scores.shape} vs {t.shape}")


class PruningContainer(BasePruningMethod):
    """Several methods that prune one parameter, one after the other: the last one of what the others left."""

    def __init__(self, *args: BasePruningMethod) -> None:
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        if len(args) == 1:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod) -> None:
        """Put another method after these. Raises ValueError for one of another parameter."""
        if not isinstance(method, BasePruningMethod) and method is not None:
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if method is not None and self._tensor_name != method._tensor_name:
            raise ValueError(
                f"Can only add pruning methods acting on the parameter named '{self._tensor_name}' to PruningContainer "
                f"{self}. Found '{method._tensor_name}'"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: Any) -> Any:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask so far with the last method's in the part that it sees."""
        method = self._pruning_methods[-1]
        part = _part(method, t, default_mask)
        mask = default_mask.to(dtype=t.dtype)
        mask[part] = method.compute_mask(t[part], default_mask=default_mask[part]).to(dtype=mask.dtype)
        return mask


def _part(method: BasePruningMethod, t: Any, mask: Any) -> Any:
    """The index of what an iteration is about: elements, or channels, that are left."""
    if method.PRUNING_TYPE == "unstructured":
        return mask == 1
    if method.PRUNING_TYPE == "global":
        return (slice(None),) * t.dim()
    if method.PRUNING_TYPE != "structured":
        raise ValueError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
    if not hasattr(method, "dim"):
        raise AttributeError('Pruning methods of PRUNING_TYPE "structured" need to have the attribute `dim` defined.')
    dim = method.dim + t.dim() * (method.dim < 0)
    if dim < 0:
        raise IndexError(f"Index is out of bounds for tensor with dimensions {t.dim()}")
    kept = mask.sum(dim=[d for d in range(t.dim()) if d != dim]) != 0
    return _along(t, dim, kept)


def _along(t: Any, dim: int, index: Any) -> tuple[Any, ...]:
    """The index of some places along one dimension."""
    found: list[Any] = [slice(None)] * t.dim()
    found[dim] = index
    return tuple(found)


class Identity(BasePruningMethod):
    """Nothing pruned, all made ready for it."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask that there is."""
        return default_mask

    @classmethod
    def apply(cls, module: Any, name: str) -> Any:  # type: ignore[override]
        """Register the mask, of ones if there is none."""
        return super().apply(module, name)


class _Some(BasePruningMethod):
    """What is told how much to prune: a share, or how many."""

    def __init__(self, amount: float) -> None:
        if not isinstance(amount, numbers.Real):
            raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
        if amount < 0 or (not isinstance(amount, numbers.Integral) and float(amount) > 1.0):
            raise ValueError(f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer")
        self.amount = amount

    def _count(self, size: int) -> int:
        """How many of so many are pruned."""
        if not isinstance(self.amount, numbers.Integral):
            return round(self.amount * size)
        if self.amount > size:
            raise ValueError(f"amount={self.amount} should be smaller than the number of parameters to prune={size}")
        return int(self.amount)


class _Elements(_Some):
    """Single elements, those of the least (or the largest) of some numbers."""

    PRUNING_TYPE = "unstructured"
    largest: ClassVar[bool] = False

    def _numbers(self, t: Any) -> Any:
        raise NotImplementedError

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask without the elements chosen."""
        count = self._count(t.numel())
        mask = default_mask.clone()
        if count:
            mask.view(-1)[self._numbers(t).view(-1).topk(count, largest=self.largest)[1]] = 0
        return mask


class RandomUnstructured(_Elements):
    """Elements at random places."""

    largest = True

    def _numbers(self, t: Any) -> Any:
        return ops.rand_like(t)

    @classmethod
    def apply(cls, module: Any, name: str, amount: float) -> Any:  # type: ignore[override]
        """Prune a share of a parameter, or so many of its elements."""
        return super().apply(module, name, amount=amount)


class L1Unstructured(_Elements):
    """Elements of the least size."""

    def _numbers(self, t: Any) -> Any:
        return t.abs()

    @classmethod
    def apply(cls, module: Any, name: str, amount: float, importance_scores: Any = None) -> Any:  # type: ignore[override]
        """Prune a share of a parameter, or so many of its elements."""
        return super().apply(module, name, amount=amount, importance_scores=importance_scores)


class _Channels(_Some):
    """Whole channels along one dimension."""

    PRUNING_TYPE = "structured"
    dim: int

    def _kept(self, t: Any, size: int, count: int) -> Any:
        """An index of the channels that stay."""
        raise NotImplementedError

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask without the channels chosen."""
        if t.dim() <= 1:
            raise ValueError(
                "Structured pruning can only be applied to multidimensional tensors. Found tensor of shape "
                f"{t.shape} with {t.dim()} dims"
            )
        if self.dim >= t.dim():
            raise IndexError(f"Invalid index {self.dim} for tensor of size {t.shape}")
        size = t.shape[self.dim]
        count = self._count(size)
        kept = self._kept(t, size, count)
        if not count:
            return default_mask
        mask = ops.zeros_like(t)
        mask[_along(t, self.dim, kept)] = 1
        mask *= default_mask.to(dtype=mask.dtype)
        return mask


class RandomStructured(_Channels):
    """Channels at random."""

    def __init__(self, amount: float, dim: int = -1) -> None:
        super().__init__(amount)
        self.dim = dim

    def _kept(self, t: Any, size: int, count: int) -> Any:
        if not count:
            return None
        drawn = ops.rand(size)
        return drawn > drawn.kthvalue(count)[0]

    @classmethod
    def apply(cls, module: Any, name: str, amount: float, dim: int = -1) -> Any:  # type: ignore[override]
        """Prune a share of a parameter's channels, or so many of them."""
        return super().apply(module, name, amount=amount, dim=dim)


class LnStructured(_Channels):
    """Channels of the least norm."""

    def __init__(self, amount: float, n: Any, dim: int = -1) -> None:
        super().__init__(amount)
        self.n, self.dim = n, dim

    def _kept(self, t: Any, size: int, count: int) -> Any:
        others = [d for d in range(t.dim()) if d != self.dim % t.dim()]
        return t.norm(p=self.n, dim=others).topk(size - count)[1]

    @classmethod
    def apply(  # type: ignore[override]
        cls, module: Any, name: str, amount: float, n: Any, dim: int, importance_scores: Any = None
    ) -> Any:
        """Prune a share of a parameter's channels, or so many of them."""
        return super().apply(module, name, amount=amount, n=n, dim=dim, importance_scores=importance_scores)


class CustomFromMask(BasePruningMethod):
    """What a mask says."""

    PRUNING_TYPE = "global"

    def __init__(self, mask: Any) -> None:
        self.mask = mask

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """Both masks together."""
        if default_mask.shape != self.mask.shape:
            raise AssertionError(
                f"default_mask shape {default_mask.shape} must match self.mask shape {self.mask.shape}"
            )
        return default_mask * self.mask.to(dtype=default_mask.dtype)

    @classmethod
    def apply(cls, module: Any, name: str, mask: Any) -> Any:  # type: ignore[override]
        """Prune what the mask says."""
        return super().apply(module, name, mask=mask)


def identity(module: Any, name: str) -> Any:
    """The module, its parameter ready to be pruned, and not pruned."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: Any, name: str, amount: float) -> Any:
    """The module, elements of a parameter pruned at random."""
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: Any, name: str, amount: float, importance_scores: Any = None) -> Any:
    """The module, the least elements of a parameter pruned."""
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: Any, name: str, amount: float, dim: int) -> Any:
    """The module, channels of a parameter pruned at random."""
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(module: Any, name: str, amount: float, n: Any, dim: int, importance_scores: Any = None) -> Any:
    """The module, the channels of a parameter with the least n-norm pruned."""
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module: Any, name: str, mask: Any) -> Any:
    """The module, a parameter pruned where the mask is 0."""
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(
    parameters: Any, pruning_method: type[BasePruningMethod], importance_scores: Any = None, **kwargs: Any
) -> None:
    """Prune several parameters, (module, name) each, as if they were one vector."""
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    scores = {} if importance_scores is None else importance_scores
    if not isinstance(scores, dict):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    listed: list[tuple[Any, str]] = list(parameters)
    held = [getattr(module, name) for module, name in listed]
    together = parameters_to_vector([scores.get(key, t) for key, t in zip(listed, held)])
    masks = [getattr(module, f"{name}_mask", None) for module, name in listed]
    mask = parameters_to_vector([ops.ones_like(t) if m is None else m for m, t in zip(masks, held)])
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method '
            f"{pruning_method} of type {method.PRUNING_TYPE}"
        )
    method._tensor_name = "temp"
    parts = PruningContainer(method).compute_mask(together, mask).split([t.numel() for t in held])
    for (module, name), t, part in zip(listed, held, parts):
        custom_from_mask(module, name, part.view_as(t))


def remove(module: Any, name: str) -> Any:
    """The module, what is left of a parameter made the parameter itself. Raises ValueError if it is not pruned."""
    for key, hook in _hooks(module, name).items():
        hook.remove(module)
        del module._forward_pre_hooks[key]
        return module
    raise ValueError(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")


def is_pruned(module: Any) -> bool:
    """Whether a parameter of the module, or of one inside, is pruned."""
    return any(_hooks(inner) for _, inner in module.named_modules())
