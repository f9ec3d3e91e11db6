"""register_hook on a view ends the process where its base was written since, and nobody asked for the view's grad_fn (torch 2.13.0+cpu)"""

import torch

torch.set_printoptions(precision=17)

def told(label, hook):
    def called(*given):
        print(label, *given)
        return hook(*given)

    return called


def seen(g):
    return None


x = torch.tensor([0.0, 0.0], dtype=torch.float64, requires_grad=True)
y = torch.tensor([1.0, 1.0], dtype=torch.float64)

t1 = x.view((2,))
print("t1 =", t1)
with torch.no_grad(): x.add_(1)
print("x =", x)
t3 = t1.register_hook(told("seen", seen))
