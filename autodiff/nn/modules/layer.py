"""Modules that are a function of nn.functional with settings: one row each, the constructor read from its signature.

Knows no function by name. Settings become attributes, tensors among them buffers, and are given at every call.
"""

from __future__ import annotations

import inspect
from ast import literal_eval
from typing import Any, ClassVar

from autodiff._functions.loss import reduction_of
from autodiff.nn import functional
from autodiff.nn.modules.module import Module

_LEGACY = ("size_average", "reduce")


class Layer(Module):
    """A function of nn.functional as a module."""

    _function: ClassVar[str]
    _signature: ClassVar[inspect.Signature]
    #: What `extra_repr` shows: `name` as name=value, `!name` the value alone, `?name` only if it is true.
    _shown: ClassVar[tuple[str, ...]]
    _given: ClassVar[tuple[str, ...]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}.__init__() {error}") from None
        bound.apply_defaults()
        settings = bound.arguments
        if legacy := [settings.pop(name) for name in _LEGACY if name in settings]:
            settings["reduction"] = reduction_of(*legacy, settings["reduction"])
        for name, value in settings.items():
            if name in ("weight", "pos_weight"):
                self.register_buffer(name, value)
            else:
                setattr(self, name, value)

    def _call(self, *inputs: Any, **more: Any) -> Any:
        settings = {name: getattr(self, name) for name in self._given}
        return getattr(functional, self._function)(*inputs, **settings, **more)

    def forward(self, *inputs: Any) -> Any:
        return self._call(*inputs)

    def extra_repr(self) -> str:
        shown = []
        for entry in self._shown:
            name = entry.lstrip("!?")
            value = getattr(self, name)
            if entry[0] == "!":
                shown.append(f"{value}")
            elif entry[0] != "?" or value:
                shown.append(f"{name}={value!r}" if isinstance(value, str) else f"{name}={value}")
        return ", ".join(shown)


class Training(Layer):
    """A layer whose function is told whether the module is in training."""

    def forward(self, *inputs: Any) -> Any:
        return self._call(*inputs, training=self.training)


def layer(
    name: str,
    function: str,
    shown: str = "",
    *,
    settings: str | None = None,
    inputs: int = 1,
    base: type[Layer] = Layer,
    **also: Any,
) -> Any:
    """The module class for a function of `inputs` tensors; `settings` are its other parameters, or those named here.

    A setting is `name` or `name=default` where the default is not the function's. `also`: of the class, underscored.
    """
    own = inspect.signature(getattr(functional, function)).parameters
    if settings is None:
        wanted = {n: p for n, p in list(own.items())[inputs:] if not (issubclass(base, Training) and n == "training")}
    else:
        wanted = {}
        for text in settings.split():
            n, _, default = text.partition("=")
            wanted[n] = own[n].replace(default=literal_eval(default)) if default else own[n]
    wanted.pop("out", None)
    signature = inspect.Signature(list(wanted.values()))
    about = {
        "__doc__": f"`nn.functional.{function}` as a module.",
        "__module__": "autodiff.nn",
        "_function": function,
        "_signature": signature,
        "_shown": tuple(shown.split()),
        "_given": tuple(n for n in wanted if n not in _LEGACY),
        **{f"_{key}": value for key, value in also.items()},
    }
    made: type[Layer] = type(name, (base,), about)

    def __init__(self: Layer, *args: Any, **kwargs: Any) -> None:
        super(made, self).__init__(*args, **kwargs)

    itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    __init__.__signature__ = signature.replace(parameters=[itself, *wanted.values()])  # type: ignore[attr-defined]
    made.__init__ = __init__  # type: ignore[method-assign]
    return made
