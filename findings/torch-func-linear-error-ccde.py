"""gradient of `linear` of a stack, a vector of weights and a bias that is a number (torch.func 2.13.0+cpu)

The truth is that of certified ball arithmetic (python-flint).
"""

import numpy
import torch

def value(function, leaves):
    return function(*map(torch.from_numpy, leaves)).numpy()


def gradients(function, leaves, seed):
    return torch.func.vjp(function, *map(torch.from_numpy, leaves))[1](torch.from_numpy(seed))


def torch_value(function, leaves):
    return function(*map(torch.from_numpy, leaves)).numpy()


def torch_gradients(function, leaves, seed):
    tensors = [torch.from_numpy(leaf).requires_grad_(leaf.dtype.kind in "fc") for leaf in leaves]
    wanted = [tensor for tensor in tensors if tensor.requires_grad]
    found = iter(torch.autograd.grad(function(*tensors), wanted, torch.from_numpy(seed), allow_unused=True))
    return [next(found).numpy() if tensor.requires_grad else None for tensor in tensors]


def ours(x, y, z):
    out = torch.nn.functional.linear(x, y, z)
    return out


def theirs(x, y, z):
    out = torch.nn.functional.linear(x, y, z)
    return out


leaves = [
    numpy.array([[[2.0]]], numpy.float64),  # x
    numpy.array([3.0], numpy.float64),  # y
    numpy.array(0.0, numpy.float64),  # z
]
seed = numpy.array([[1.0]], numpy.float64)
print("torch   ", torch_gradients(ours, leaves, seed)[1])
print("torch.func", gradients(theirs, leaves, seed)[1])
print("truth   ", '2 at [0]')
