"""gradient of `sinc` near 0 cancels: a thousandth is wrong (torch 2.13.0+cpu)

The truth is that of certified ball arithmetic (python-flint).
"""

import numpy
import torch


def torch_value(function, leaves):
    return function(*map(torch.from_numpy, leaves)).numpy()


def torch_gradients(function, leaves, seed):
    tensors = [torch.from_numpy(leaf).requires_grad_(leaf.dtype.kind in "fc") for leaf in leaves]
    wanted = [tensor for tensor in tensors if tensor.requires_grad]
    found = iter(torch.autograd.grad(function(*tensors), wanted, torch.from_numpy(seed), allow_unused=True))
    return [next(found).numpy() if tensor.requires_grad else None for tensor in tensors]


def ours(x):
    out = torch.sinc(x)
    return out


leaves = [
    numpy.array(1e-07, numpy.float64),  # x
]
seed = numpy.array(1.0, numpy.float64)
print("torch   ", torch_gradients(ours, leaves, seed)[0])
print("truth   ", '-3.28986813e-07')
