"""Parameter and Buffer: tensors that a Module takes for its own state, of a shape that may not be known yet."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

import numpy as np

from autodiff._core import arguments
from autodiff._core.batched import Outline
from autodiff._core.dtypes import Default
from autodiff._core.registry import ops
from autodiff._core.tensor import Elsewhere, Tensor, alias


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

    __str__ = __repr__


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


class _Shapeless(Outline):
    """An array that has a dtype and nothing else yet; whoever reads it is refused."""

    __slots__ = ()

    def __init__(self, dtype: Any) -> None:
        self.dtype, self.shape, self.strides = dtype, (0,), (dtype.itemsize,)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _unread()


def _unread(*_: Any, **__: Any) -> NoReturn:
    raise ValueError(
        "Attempted to use an uninitialized parameter: it has no values yet. Call `forward` with a dummy batch to "
        "initialize the parameters before calling torch functions"
    )


for _name, _member in list(vars(Outline).items()):
    if getattr(_member, "__name__", "") == "_refused":
        setattr(_Shapeless, _name, _unread)
_Shapeless.__array_interface__ = property(_unread)  # type: ignore[attr-defined]


class _Uninitialized(Elsewhere):
    """What parameters and buffers without a shape share; `materialize` gives them one, and makes them plain ones."""

    _plain: ClassVar[type[Tensor]]

    @property
    def shape(self) -> NoReturn:
        """Raises torch's RuntimeError: there is none yet."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in "
            "`load_state_dict` when trying to load an uninitialized parameter into an initialized one. Call `forward` "
            "to initialize the parameters before accessing their attributes."
        )

    def run(self, p: Any, inputs: Any, params: Any) -> Any:
        _unread()

    def memory(self) -> NoReturn:
        _unread()

    def detach(self) -> Any:
        return self

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Memory of this shape, with nothing in it yet; from now on it is a plain parameter, or buffer."""
        arguments.check_device(device)
        held = arguments.numpy_dtype(dtype, self._array.dtype)
        recorded = self.requires_grad
        self._array = np.empty(tuple(shape), held)
        self._node = self._meta = self._storage = None
        self.__class__ = self._plain
        self.requires_grad_(recorded)

    def _made(self, dtype: Any) -> Any:
        self._array = _Shapeless(arguments.numpy_dtype(dtype, Default.real))
        self._node = self._meta = self._storage = None
        return self

    @property
    def data(self) -> Any:
        """Itself: there is no memory to share yet; only a dtype can be given."""
        return self

    @data.setter
    def data(self, value: Tensor) -> None:
        self._array = _Shapeless(value._array.dtype)

    def numel(self) -> NoReturn:
        """Raises torch's ValueError: there are no elements yet."""
        _unread()

    __len__ = numel

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """Without a shape still, in another dtype."""
        found = ops.empty(0, dtype=self.dtype).to(*args, **kwargs)
        return type(self)(requires_grad=self.requires_grad, dtype=found.dtype)  # type: ignore[call-arg]

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = type(self)(requires_grad=self.requires_grad, dtype=self.dtype)  # type: ignore[call-arg]
        return memo[id(self)]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    __str__ = __repr__


class UninitializedParameter(_Uninitialized, Parameter):
    """A parameter whose shape is not known yet; `materialize` gives it one."""

    _plain = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Any:
        arguments.check_device(device)
        return object.__new__(cls)._made(dtype).requires_grad_(requires_grad)


class UninitializedBuffer(_Uninitialized):
    """A buffer whose shape is not known yet; `materialize` gives it one."""

    _plain = Tensor

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True
    ) -> Any:
        arguments.check_device(device)
        made: Any = object.__new__(cls)._made(dtype).requires_grad_(requires_grad)
        made.persistent = persistent
        made._is_buffer = True
        return made


def is_lazy(param: Any) -> bool:
    """Whether it is a parameter or buffer without a shape."""
    return isinstance(param, _Uninitialized)
