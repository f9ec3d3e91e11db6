"""backward ends the process where a result that is not its operator's first retains its gradient and is written afterwards (torch 2.13.0+cpu)"""

import torch

torch.set_printoptions(precision=17)

x = torch.tensor([[0.0, 1.0], [2.0, 3.0]], dtype=torch.float64, requires_grad=True)
y = torch.tensor([1.0, 1.0], dtype=torch.float64)

t1 = torch.var_mean(x, 1)
print("t1 =", t1)
t1[1].retain_grad()
t3 = t1[1]; t3[0] = 2.0
print("t3 =", t3)
t3.backward(y)
print("x.grad =", x.grad)
