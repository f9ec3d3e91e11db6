"""gradient of view_as_real refused where it is a slice that begins at an odd element (torch 2.13.0+cpu)

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
    t1 = torch.view_as_real(x)
    t2 = torch.flatten(t1)
    out = torch.cat([y, t2])
    return out


leaves = [
    numpy.array([complex(0.5, 0.25), complex(1.5, -2.0)], numpy.complex128),  # x
    numpy.array([0.0], numpy.float64),  # y
]
seed = numpy.array([1.0, 2.0, 3.0, 4.0, 5.0], numpy.float64)
print("torch   ", torch_gradients(ours, leaves, seed)[0])
print("truth   ", '(2+3j) at [0]')
