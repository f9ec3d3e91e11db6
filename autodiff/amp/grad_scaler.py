"""GradScaler: losses multiplied before backward, gradients divided before a step; what overflows makes no step."""

from __future__ import annotations

import collections.abc
import math
import warnings
from typing import Any

import numpy as np

from autodiff._core.modes import no_grad
from autodiff._core.tensor import Tensor, wrap


class GradScaler:
    """Scales losses so that half-precision gradients neither vanish nor overflow; disabled, it passes all through.

    `scale(loss).backward()`, then `step(optimizer)`, which is left out if a gradient is not finite, then `update()`,
    which shrinks the scale after such a step and lets it grow after `growth_interval` others.
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        self._device = device
        if enabled and device == "cuda":
            warnings.warn("torch.cuda.amp.GradScaler is enabled, but CUDA is not available.  Disabling.", stacklevel=2)
            enabled = False
        self._enabled = enabled
        if enabled and growth_factor <= 1.0:
            raise AssertionError("The growth factor must be > 1.0.")
        if enabled and backoff_factor >= 1.0:
            raise AssertionError("The backoff factor must be < 1.0.")
        self._factor, self._growth_factor, self._backoff_factor = init_scale, growth_factor, backoff_factor
        self._growth_interval, self._growth_tracker = growth_interval, 0
        #: Of each optimizer since the last update: unscaled or stepped, and whether its gradients were finite.
        self._stages: dict[int, str] = {}
        self._finite: dict[int, bool] = {}
        self._used = False

    def scale(self, outputs: Any) -> Any:
        """A tensor times the scale, or every tensor of a nested sequence or iterable."""
        if not self._enabled:
            return outputs
        self._used = True
        if isinstance(outputs, Tensor):
            # As torch's, a 0-dim tensor, which neither widens nor narrows what it multiplies.
            return outputs * wrap(np.float32(self._factor))  # type: ignore[operator]
        if isinstance(outputs, (list, tuple)):
            parts = [self.scale(x) for x in outputs]
            return type(outputs)(*parts) if hasattr(outputs, "_fields") else type(outputs)(parts)
        if isinstance(outputs, collections.abc.Iterable):
            return map(self.scale, outputs)
        raise ValueError("outputs must be a Tensor or an iterable of Tensors")

    def unscale_(self, optimizer: Any) -> None:
        """Divide the gradients of an optimizer's parameters, so that they can be clipped.

        Raises RuntimeError a second time before `update()`, or after the step.
        """
        if not self._enabled:
            return
        self._check_scaled("unscale_")
        stage = self._stages.get(id(optimizer))
        if stage == "unscaled":
            raise RuntimeError("unscale_() has already been called on this optimizer since the last update().")
        if stage == "stepped":
            raise RuntimeError("unscale_() is being called after step().")
        self._divide(optimizer)
        self._stages[id(optimizer)] = "unscaled"

    def _divide(self, optimizer: Any) -> None:
        inverse, finite = float(np.float32(1.0 / self._factor)), True
        with no_grad():
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    if parameter.grad is None:
                        continue
                    if parameter.grad.dtype.name == "float16":
                        raise ValueError("Attempting to unscale FP16 gradients.")
                    finite = finite and bool(np.isfinite(parameter.grad._array).all())
                    parameter.grad.mul_(inverse)
        self._finite[id(optimizer)] = finite

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """The optimizer's step on unscaled gradients, unless one of them is inf or nan.

        Raises RuntimeError for a closure, and for a second step before `update()`.
        """
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        self._check_scaled("step")
        stage = self._stages.get(id(optimizer))
        if stage == "stepped":
            raise RuntimeError("step() has already been called since the last update().")
        if stage is None:
            self._divide(optimizer)
        if id(optimizer) not in self._finite or not any(
            p.grad is not None for group in optimizer.param_groups for p in group["params"]
        ):
            raise AssertionError("No inf checks were recorded for this optimizer.")
        self._stages[id(optimizer)] = "stepped"
        return optimizer.step(*args, **kwargs) if self._finite[id(optimizer)] else None

    def update(self, new_scale: Any = None) -> None:
        """A new scale: the one given, or as the gradients since the last update say."""
        if not self._enabled:
            return
        self._check_scaled("update")
        if new_scale is not None:
            self._factor = float(new_scale)
        else:
            if not self._finite:
                raise AssertionError("No inf checks were recorded prior to update.")
            if all(self._finite.values()):
                self._growth_tracker += 1
                if self._growth_tracker == self._growth_interval:
                    grown = self._factor * self._growth_factor
                    # torch keeps the scale in float32, and what would overflow there.
                    self._factor = grown if math.isfinite(float(np.float32(grown))) else self._factor
                    self._growth_tracker = 0
            else:
                self._factor, self._growth_tracker = self._factor * self._backoff_factor, 0
        self._stages.clear()
        self._finite.clear()

    def _check_scaled(self, name: str) -> None:
        if not self._used:
            raise AssertionError(
                f"Attempted {name} but _scale is None.  This may indicate your script did not use scaler.scale(loss or "
                "outputs) earlier in the iteration."
            )

    def get_scale(self) -> float:
        """The scale; 1 if disabled."""
        return self._factor if self._enabled else 1.0

    def is_enabled(self) -> bool:
        """Whether it scales."""
        return self._enabled

    def get_growth_factor(self) -> float:
        """What the scale grows by."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Another factor to grow by."""
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """What the scale shrinks by."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Another factor to shrink by."""
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """After how many good steps the scale grows."""
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Another number of good steps."""
        self._growth_interval = new_interval

    def state_dict(self) -> dict[str, Any]:
        """The scale and what moves it, as torch writes them; empty if disabled."""
        if not self._enabled:
            return {}
        return {
            "scale": self._factor,
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._growth_tracker,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take on another scaler's state. Raises RuntimeError for the empty one of a disabled scaler."""
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError(
                "The source state dict is empty, possibly because it was saved from a disabled instance of GradScaler."
            )
        self._factor = state_dict["scale"]
        self._growth_factor, self._backoff_factor = state_dict["growth_factor"], state_dict["backoff_factor"]
        self._growth_interval, self._growth_tracker = state_dict["growth_interval"], state_dict["_growth_tracker"]
