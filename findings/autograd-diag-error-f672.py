"""gradient of `diag` below the main diagonal of a rectangular matrix: of another shape than the matrix (autograd 1.9.1)

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
    out = torch.diag(x, -1)
    return out


def theirs(x):
    out = np.diag(x, -1)
    return out


leaves = [
    numpy.array([[1.0], [2.0]], numpy.float64),  # x
]
seed = numpy.array([1.0], numpy.float64)
print("torch   ", torch_gradients(ours, leaves, seed)[0])
print("autograd", gradients(theirs, leaves, seed)[0])
print("truth   ", '1 at [1, 0]')
