"""`asinh` near 0: the logarithm of 1 + x (tinygrad 0.14.0)

The truth is that of certified ball arithmetic (python-flint).
"""

import numpy
import torch

from tinygrad import Tensor


def value(function, leaves):
    return function(*map(Tensor, leaves)).numpy()


def gradients(function, leaves, seed):
    tensors = [Tensor(leaf) for leaf in leaves]
    return [gradient.numpy() for gradient in function(*tensors).gradient(*tensors, gradient=Tensor(seed))]


def torch_value(function, leaves):
    return function(*map(torch.from_numpy, leaves)).numpy()


def torch_gradients(function, leaves, seed):
    tensors = [torch.from_numpy(leaf).requires_grad_(leaf.dtype.kind in "fc") for leaf in leaves]
    wanted = [tensor for tensor in tensors if tensor.requires_grad]
    found = iter(torch.autograd.grad(function(*tensors), wanted, torch.from_numpy(seed), allow_unused=True))
    return [next(found).numpy() if tensor.requires_grad else None for tensor in tensors]


def ours(x):
    t1 = torch.asinh(x)
    return t1


def theirs(x):
    t1 = Tensor.asinh(x)
    return t1


leaves = [
    numpy.array([1e-10], numpy.float64),  # x
]
print("torch   ", torch_value(ours, leaves))
print("tinygrad", value(theirs, leaves))
print("truth   ", '1e-10 at [0]')
