"""`relu` of -inf is nan: -inf * 0 (mygrad 2.5.0)

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
    t1 = torch.relu(x)
    return t1


def theirs(x):
    t1 = nn.relu(x)
    return t1


leaves = [
    numpy.array([-numpy.inf], numpy.float64),  # x
]
print("torch   ", torch_value(ours, leaves))
print("mygrad  ", value(theirs, leaves))
print("truth   ", '0: max(-inf, 0) at [0]')
