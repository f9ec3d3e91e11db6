"""gradient of `batch_norm` reads a weight and a variance that are not contiguous as though they were (torch 2.13.0+cpu)

The truth is that of certified ball arithmetic (python-flint).
"""

import numpy
import torch


def torch_value(function, leaves):
    return function(*map(torch.from_numpy, leaves)).numpy()


def torch_gradients(function, leaves, seed):
    tensors = [torch.from_numpy(leaf).requires_grad_(leaf.dtype.kind == "f") for leaf in leaves]
    wanted = [tensor for tensor in tensors if tensor.requires_grad]
    found = iter(torch.autograd.grad(function(*tensors), wanted, torch.from_numpy(seed), allow_unused=True))
    return [next(found).numpy() if tensor.requires_grad else None for tensor in tensors]


def ours(x, y, z, w):
    out = torch.nn.functional.batch_norm(x, y, z, w)
    return out


leaves = [
    numpy.array([[1.0, 2.0]], numpy.float64),  # x
    numpy.array([0.0, 0.0], numpy.float64),  # y
    numpy.array([1.0, 1.0], numpy.float64),  # z
    numpy.array([1.0, 2.0], numpy.float64),  # w
]
seed = numpy.array([[1.0, 1.0]], numpy.float64)
print("torch   ", torch_gradients(ours, leaves, seed)[0])
print("truth   ", '1.99999 at [0, 1]')
