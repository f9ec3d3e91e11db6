"""Where results lie in memory: strides of what is made of transposed and permuted tensors, as torch's."""

from __future__ import annotations

import pytest
import torch

import autodiff as ad

#: In rows whatever the input's layout is, or in the input's own.
_CALLS = """
sum(x, 0)|sum(x, 0, True)|mean(x, -1)|prod(x, 0)|amax(x, 0)|aminmax(x, dim=0)[1]|any(x > 0, 0)|all(x > 0, 0)|std(x, 0)
var_mean(x, 0)[0]|norm(x, dim=0)|linalg.vector_norm(x, dim=0)|logsumexp(x, 0)|nanmedian(x, 0)[0]|nanmedian(x, 0)[1]
nansum(x, 0)|nanmean(x, 0)|count_nonzero(x, 0)|max(x, 0)[0]|median(x, 0)[0]|argmax(x, 0)
flip(x, (0,))|rot90(x)|triu(x)|tril(x)|tile(x, (2,))|cat([x, x])|stack([x, x])|vstack([x, x])|hstack([x, x])
sort(x, 0)[0]|sort(x, 0)[1]|argsort(x, 0)|argsort(x, 0, descending=True)|sort(x, 0, descending=True)[0]
gather(x, 0, x.long())|take_along_dim(x, x.long(), 0)|put(x, lib.tensor([0]), lib.tensor([1.0]))
index_fill(x, 0, lib.tensor([0]), 2.0)|renorm(x, 2, 0, 1.0)|nn.functional.layer_norm(x, x.shape[-1:])
nn.functional.pairwise_distance(x, 2 * x)|nn.functional.logsigmoid(x)|rrelu(x)|rrelu(x, training=True)
erf(x)|erfinv(x)|lgamma(x)|nn.functional.mish(x)|nn.functional.tanhshrink(x)|special.i0e(x.double())|igamma(x + 1, x)
special.chebyshev_polynomial_u(x, 3)|special.hermite_polynomial_he(x, x)|polar(x, x)|special.multigammaln(x + 2, 2)
"""
CALLS = [call for line in _CALLS.split("\n") for call in line.split("|") if call]
LAYOUTS = {
    "permuted": lambda lib: lib.rand(2, 3, 4).permute(2, 1, 0),
    "of four dimensions": lambda lib: lib.rand(2, 2, 4, 3).permute(3, 1, 0, 2),
    "transposed": lambda lib: lib.rand(3, 4).t(),
    "stepped": lambda lib: lib.rand(6, 8)[::2, ::2].t(),
    "expanded": lambda lib: lib.rand(3, 1).expand(3, 4),
    "expanded and transposed": lambda lib: lib.rand(3, 1).expand(3, 4).t(),
}


def strides(call, lib, layout):
    result = eval(f"lib.{call}", {"lib": lib, "x": LAYOUTS[layout](lib)})
    return [stride for stride, size in zip(result.stride(), result.shape) if size != 1]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("call", CALLS)
def test_results_lie_as_torchs_do(call, layout):
    assert strides(call, ad, layout) == strides(call, torch, layout)
