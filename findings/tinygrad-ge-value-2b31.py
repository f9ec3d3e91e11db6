"""x >= y is true where one of them is nan (tinygrad 0.14.0)

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


def ours(x, y):
    t1 = torch.ge(x, y)
    return t1


def theirs(x, y):
    t1 = Tensor.__ge__(x, y)
    return t1


leaves = [
    numpy.array([numpy.nan], numpy.float64),  # x
    numpy.array([-1.0], numpy.float64),  # y
]
print("torch   ", torch_value(ours, leaves))
print("tinygrad", value(theirs, leaves))
print("truth   ", 'False (IEEE 754) at [0]')
