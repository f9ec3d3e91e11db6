"""gradient of `leaky_relu` at 0: 0, which lies outside [0.01, 1] (mygrad 2.5.0)

The truth is that of certified ball arithmetic (python-flint).
"""

import numpy
import torch

import mygrad as np
import mygrad.nnet.activations as nn


def value(function, leaves):
    return function(*map(np.tensor, leaves)).data


def gradients(function, leaves, seed):
    tensors = [np.tensor(leaf) for leaf in leaves]
    function(*tensors).backward(seed)
    return [tensor.grad for tensor in tensors]


def torch_value(function, leaves):
    return function(*map(torch.from_numpy, leaves)).numpy()


def torch_gradients(function, leaves, seed):
    tensors = [torch.from_numpy(leaf).requires_grad_(leaf.dtype.kind in "fc") for leaf in leaves]
    wanted = [tensor for tensor in tensors if tensor.requires_grad]
    found = iter(torch.autograd.grad(function(*tensors), wanted, torch.from_numpy(seed), allow_unused=True))
    return [next(found).numpy() if tensor.requires_grad else None for tensor in tensors]


def ours(x):
    out = torch.nn.functional.leaky_relu(x)
    return out


def theirs(x):
    out = nn.leaky_relu(x, 0.01)
    return out


leaves = [
    numpy.array([0.0, 0.0], numpy.float64),  # x
]
seed = numpy.array([1.0, 2.0], numpy.float64)
print("torch   ", torch_gradients(ours, leaves, seed)[0])
print("mygrad  ", gradients(theirs, leaves, seed)[0])
print("truth   ", '0.505 at [0]')
