"""gradient of `logaddexp2` in the number beside infinity: 1 instead of 0 (jax 0.10.2)

The truth is that of certified ball arithmetic (python-flint).
"""

import numpy
import torch

import jax
import jax.lax as lax
import jax.nn as nn
import jax.numpy as np
import jax.scipy.special as sp

jax.config.update("jax_enable_x64", True)


def value(function, leaves):
    return function(*leaves)


def gradients(function, leaves, seed):
    return jax.vjp(function, *leaves)[1](np.asarray(seed))


def torch_value(function, leaves):
    return function(*map(torch.from_numpy, leaves)).numpy()


def torch_gradients(function, leaves, seed):
    tensors = [torch.from_numpy(leaf).requires_grad_(leaf.dtype.kind in "fc") for leaf in leaves]
    wanted = [tensor for tensor in tensors if tensor.requires_grad]
    found = iter(torch.autograd.grad(function(*tensors), wanted, torch.from_numpy(seed), allow_unused=True))
    return [next(found).numpy() if tensor.requires_grad else None for tensor in tensors]


def ours(x, y):
    out = torch.logaddexp2(x, y)
    return out


def theirs(x, y):
    out = np.logaddexp2(x, y)
    return out


leaves = [
    numpy.array(0.0, numpy.float64),  # x
    numpy.array(numpy.inf, numpy.float64),  # y
]
seed = numpy.array(1.0, numpy.float64)
print("torch   ", torch_gradients(ours, leaves, seed)[0])
print("jax     ", gradients(theirs, leaves, seed)[0])
print("truth   ", '0')
