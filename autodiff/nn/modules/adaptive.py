"""The adaptive softmax: rare classes stand in clusters, each looked into only where one of its own is the target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from autodiff._core.registry import ops
from autodiff.nn import functional
from autodiff.nn.modules.container import ModuleList, Sequential
from autodiff.nn.modules.linear import Linear
from autodiff.nn.modules.module import Module


class _ASMoutput(NamedTuple):
    """The log-probability of each target, and the mean of what is missing to 0."""

    output: Any
    loss: Any


class AdaptiveLogSoftmaxWithLoss(Module):
    """Log-probabilities of many classes, sorted by frequency, and their loss (Grave et al., 2017).

    `cutoffs`: where clusters begin; each has a projection `div_value` times narrower than the last one's.
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        ends = list(cutoffs)
        if not ends:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        if ends != sorted(set(ends)) or ends[0] <= 0 or ends[-1] > n_classes - 1 or any(int(c) != c for c in ends):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each "
                "value is between 1 and n_classes-1"
            )
        self.in_features, self.n_classes, self.cutoffs = in_features, n_classes, [*ends, n_classes]
        self.div_value, self.head_bias = div_value, head_bias
        self.shortlist_size, self.n_clusters = ends[0], len(ends)
        self.head_size = self.shortlist_size + self.n_clusters
        of: dict[str, Any] = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **of)
        self.tail = ModuleList()
        for i, (low, high) in enumerate(zip(self.cutoffs, self.cutoffs[1:])):
            width = int(in_features // div_value ** (i + 1))
            self.tail.append(
                Sequential(Linear(in_features, width, bias=False, **of), Linear(width, high - low, bias=False, **of))
            )

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        self.head.reset_parameters()
        for projection, out in self.tail:
            projection.reset_parameters()
            out.reset_parameters()

    def forward(self, input_: Any, target_: Any) -> _ASMoutput:
        if target_.dim() > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if target_.dim() == 1 and input_.size(0) != target_.size(0):
            raise RuntimeError("Input and target should have the same size in the batch dimension.")
        if target_.dim() == 0 and input_.dim() != 1:
            raise RuntimeError("0D target tensor expects 1D input tensor")
        alone = target_.dim() == 0
        input, target = (input_.unsqueeze(0), target_.unsqueeze(0)) if alone else (input_, target_)
        if target.numel() and not 0 <= target.min().item() <= target.max().item() < self.n_classes:
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{target.min().item()}, {target.max().item()}] were found. "
            )
        output, chosen = input.new_zeros(target.size(0)), target.clone()
        for i, (low, high) in enumerate(zip(self.cutoffs, self.cutoffs[1:])):
            rows = ((target >= low) & (target < high)).nonzero().flatten()
            if not rows.numel():
                continue
            found = functional.log_softmax(self.tail[i](input.index_select(0, rows)), dim=1)
            places = (target.index_select(0, rows) - low).unsqueeze(1)
            output = output.index_copy(0, rows, found.gather(1, places).squeeze(1))
            chosen.index_fill_(0, rows, self.shortlist_size + i)
        head = functional.log_softmax(self.head(input), dim=1)
        output = output + head.gather(1, chosen.unsqueeze(1)).squeeze(1)
        loss = (-output).mean()
        return _ASMoutput(output.squeeze(0) if alone else output, loss)

    def log_prob(self, input: Any) -> Any:
        """The log-probabilities of all classes, (N, n_classes)."""
        head = functional.log_softmax(self.head(input), dim=1)
        first = head[:, : self.shortlist_size]
        rest = [
            functional.log_softmax(cluster(input), dim=1) + head[:, self.shortlist_size + i].unsqueeze(1)
            for i, cluster in enumerate(self.tail)
        ]
        return ops.cat(first, *rest, dim=1)

    def predict(self, input: Any) -> Any:
        """The likeliest class of each row."""
        return self.log_prob(input).argmax(dim=1)
