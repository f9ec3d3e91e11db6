"""What torch promises of its classes: one row a layer, loss, optimizer, scheduler, distribution."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from parity.catalogue.modules.spec import ModuleSpec

_FAMILIES = """
    activation attention container conv dropout imaging lazy linear loss normalization padding pooling rnn shaping
"""

#: Every row by its class's name, sorted.
MODULES: Mapping[str, ModuleSpec] = MappingProxyType(
    {
        row.name: row
        for row in sorted(
            (
                row
                for family in (*_FAMILIES.split(), "optimizers", "schedulers", "distributions")
                for row in import_module(f"{__name__}.{family}").ROWS
            ),
            key=lambda row: row.name,
        )
    }
)
#: Classes that have no row, and why.
UNLISTED: Mapping[str, str] = MappingProxyType(
    {
        "Module": "what all layers are: every row is about it",
        "RNNBase": "what RNN, LSTM and GRU share",
        "RNNCellBase": "what the cells share",
        "SparseAdam": "takes sparse gradients alone, and a configuration's are dense",
        "NLLLoss2d": "NLLLoss under its old name, and a warning",
        "Wishart": "torch takes good samples for singular ones and draws them again; densities: tests/distributions",
        "GeneralizedPareto": "torch's log_prob raises in float64: it compares with a number in float32",
        "Distribution": "what all distributions are: every row is about it",
        "ExponentialFamily": "what some distributions share",
        "Independent": "wraps another distribution: tests/distributions",
        "MixtureSameFamily": "wraps other distributions: tests/distributions",
        "TransformedDistribution": "wraps another distribution: tests/distributions",
        "CrossMapLRN2d": "torch's own layer of old for what LocalResponseNorm does: not here",
        "SyncBatchNorm": "a batch norm of several processes, which one CPU has not: not here",
        "Container": "torch's list of modules of old, which its own documentation does not name: not here",
        "AveragedModel": "wraps another module: tests/nn/test_optim.py",
        "Optimizer": "what all optimizers are: every row is about it",
        "LRScheduler": "what all schedulers are: every row is about it",
        "_LRScheduler": "LRScheduler under its old name",
    }
)

__all__ = ["MODULES", "UNLISTED", "ModuleSpec"]
