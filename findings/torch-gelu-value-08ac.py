"""`gelu` far left is -0: 1 + erf(x / sqrt(2)) instead of erfc (torch 2.13.0+cpu)

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
    t1 = torch.nn.functional.gelu(x)
    return t1


leaves = [
    numpy.array(-12.0, numpy.float64),  # x
]
print("torch   ", torch_value(ours, leaves))
print("truth   ", '-2.13177853e-32')
