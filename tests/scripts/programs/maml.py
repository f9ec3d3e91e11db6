"""Learning to learn sine waves (Finn et al., 2017): a gradient through steps of gradient descent."""

import torch
import torch.nn as nn
import torch.nn.functional as F


def forward(params, x):
    w1, b1, w2, b2 = params
    return F.linear(torch.tanh(F.linear(x, w1, b1)), w2, b2)


def task():
    amplitude, phase = torch.rand(1) * 4 + 0.1, torch.rand(1) * 3.14

    def batch():
        x = torch.rand(8, 1) * 10 - 5
        return x, amplitude * torch.sin(x + phase)

    return batch


torch.manual_seed(4)
net = nn.Sequential(nn.Linear(1, 10), nn.Tanh(), nn.Linear(10, 1))
params = list(net.parameters())
meta = torch.optim.Adam(params, lr=0.01)
for step in range(5):
    meta.zero_grad()
    total = 0.0
    for _ in range(3):
        batch = task()
        x, y = batch()
        fast = params
        for _ in range(2):
            inner = F.mse_loss(forward(fast, x), y)
            grads = torch.autograd.grad(inner, fast, create_graph=True)
            fast = [p - 0.05 * g for p, g in zip(fast, grads)]
        x, y = batch()
        outer = F.mse_loss(forward(fast, x), y) / 3
        outer.backward()
        total += outer.item()
    meta.step()
    print(f"step {step} loss {total:.5f}")
