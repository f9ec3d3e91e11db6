"""gradient of `solve` in a vector that a stack of matrices shares: not summed over the stack (autograd 1.9.1)

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


def ours(x, y):
    out = torch.linalg.solve(x, y)
    return out


def theirs(x, y):
    out = np.linalg.solve(x, y)
    return out


leaves = [
    numpy.array([[[0.0, 1.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 2.0]]], numpy.float64),  # x
    numpy.array([1.0, 2.0], numpy.float64),  # y
]
seed = numpy.array([[1.0, 2.0], [3.0, 4.0]], numpy.float64)
print("torch   ", torch_gradients(ours, leaves, seed)[1])
print("autograd", gradients(theirs, leaves, seed)[1])
print("truth   ", '5 at [0]')
