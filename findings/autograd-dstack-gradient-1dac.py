"""gradient of `dstack` of numbers (autograd 1.9.1)

The truth is that of certified ball arithmetic (python-flint).
"""

import numpy
import torch

import autograd
import autograd.numpy as np
import autograd.scipy.special as sp


def value(function, leaves):
    return function(*leaves)


def gradients(function, leaves, seed):
    return [autograd.make_vjp(function, number)(*leaves)[0](seed) for number in range(len(leaves))]


def torch_value(function, leaves):
    return function(*map(torch.from_numpy, leaves)).numpy()


def torch_gradients(function, leaves, seed):
    tensors = [torch.from_numpy(leaf).requires_grad_(leaf.dtype.kind in "fc") for leaf in leaves]
    wanted = [tensor for tensor in tensors if tensor.requires_grad]
    found = iter(torch.autograd.grad(function(*tensors), wanted, torch.from_numpy(seed), allow_unused=True))
    return [next(found).numpy() if tensor.requires_grad else None for tensor in tensors]


def ours(x):
    out = torch.dstack([x])
    return out


def theirs(x):
    out = np.dstack([x])
    return out


leaves = [
    numpy.array(0.0, numpy.float32),  # x
]
seed = numpy.array([[[1.0]]], numpy.float32)
print("torch   ", torch_gradients(ours, leaves, seed)[0])
print("autograd", gradients(theirs, leaves, seed)[0])
print("truth   ", '1')
