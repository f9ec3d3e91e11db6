"""gradient of `batch_norm` by its input, of a weight that is not contiguous: read as though it were (torch 2.13.0+cpu)

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


def ours(x, y):
    t1 = torch.diagonal(y)
    out = torch.nn.functional.batch_norm(x, None, None, weight=t1, training=True)
    return out


leaves = [
    numpy.array([[0.0, 1.0], [1.0, 3.0], [4.0, 5.0]], numpy.float64),  # x
    numpy.array([[1.0, 0.0], [0.0, 2.0]], numpy.float64),  # y
]
seed = numpy.array([[1.0, 2.0], [0.0, 0.0], [0.0, 0.0]], numpy.float64)
print("torch   ", torch_gradients(ours, leaves, seed)[0])
print("truth   ", '0.408252118 at [0, 1]')
