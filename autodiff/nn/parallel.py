"""torch.nn.parallel as far as one CPU goes: DataParallel with no device to divide the batch among."""

from __future__ import annotations

from typing import Any

from autodiff.nn.modules.module import Module


class DataParallel(Module):
    """The module itself, called `module` here: without devices torch's wrapper hands every batch on whole."""

    def __init__(self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        self.module = module
        self.device_ids: list[int] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        return self.module(*inputs, **kwargs)
