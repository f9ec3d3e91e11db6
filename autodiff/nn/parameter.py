"""Parameter and Buffer: tensors that a Module takes for its own state."""

from __future__ import annotations

from typing import Any

from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, alias


class _Marked(type):
    """The metaclass: an instance is also a tensor of another class that bears this one's mark."""

    _mark = ""

    def __instancecheck__(cls, instance: Any) -> bool:
        return super().__instancecheck__(instance) or (
            isinstance(instance, Tensor) and getattr(instance, cls._mark, False) is True
        )


class _ParameterMeta(_Marked):
    _mark = "_is_param"


class _BufferMeta(_Marked):
    _mark = "_is_buffer"


class Parameter(Tensor, metaclass=_ParameterMeta):
    """A tensor that a Module lists among its parameters when it is assigned as an attribute.

    It is a leaf over the memory of `data`; without `data` it is empty. Raises RuntimeError for integers that are to
    require grad.
    """

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Any:
        if data is None:
            data = ops.empty(0)
        if not isinstance(data, Tensor):
            raise TypeError(f"Parameter(): argument 'data' (position 1) must be Tensor, not {type(data).__name__}")
        kind = getattr(type(data), "_fresh", type(data))
        if kind is Tensor or issubclass(kind, Parameter):
            parameter = alias(data)
            parameter.__class__ = cls
        else:
            parameter = data.detach()
            if type(parameter) is not type(data):
                raise RuntimeError(
                    f"Creating a Parameter from an instance of type {type(data).__name__} requires that detach() "
                    f"returns an instance of the same type, but return type {type(parameter).__name__} was found "
                    "instead. To use the type as a Parameter, please correct the detach() semantics defined by its "
                    "__torch_dispatch__() implementation."
                )
            parameter._is_param = True
        if requires_grad and not (parameter.is_floating_point() or parameter.is_complex()):
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        return parameter.requires_grad_(requires_grad)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = type(self)(ops.clone(self.detach()), self.requires_grad)
        return memo[id(self)]

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Tensor, metaclass=_BufferMeta):
    """A tensor that a Module lists among its buffers when it is assigned as an attribute.

    What is returned is a plain tensor that bears the mark of one; `persistent`: part of the module's state_dict.
    """

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Any:
        data = ops.empty(0) if data is None else data
        buffer: Any = data.detach().requires_grad_(data.requires_grad)
        buffer.persistent = persistent
        buffer._is_buffer = True
        return buffer
