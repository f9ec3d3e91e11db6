"""Two rounds of talk between neighbours of a graph: whose side is everybody on, if two say?"""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.parameter import Parameter


class GraphConvolution(nn.Module):
    def __init__(self, size_in, size_out, bias=True):
        super().__init__()
        self.weight = Parameter(torch.FloatTensor(size_in, size_out))
        if bias:
            self.bias = Parameter(torch.FloatTensor(size_out))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self):
        bound = 1.0 / math.sqrt(self.weight.size(1))
        self.weight.data.uniform_(-bound, bound)
        if self.bias is not None:
            self.bias.data.uniform_(-bound, bound)

    def forward(self, x, adjacency):
        support = torch.mm(x, self.weight)
        output = torch.mm(adjacency, support)
        return output if self.bias is None else output + self.bias


class GCN(nn.Module):
    def __init__(self, nodes, hidden, classes, dropout):
        super().__init__()
        self.first, self.second = GraphConvolution(nodes, hidden), GraphConvolution(hidden, classes)
        self.dropout = dropout

    def forward(self, x, adjacency):
        x = F.relu(self.first(x, adjacency))
        x = F.dropout(x, self.dropout, training=self.training)
        return F.log_softmax(self.second(x, adjacency), dim=1)


torch.manual_seed(3)
n = 16
side = (torch.arange(n) >= n // 2).long()
likely = torch.where(side[:, None] == side[None], 0.6, 0.08)
edges = torch.triu((torch.rand(n, n) < likely).float(), diagonal=1)
adjacency = edges + edges.t() + torch.eye(n)
degree = adjacency.sum(1).pow(-0.5)
adjacency = degree[:, None] * adjacency * degree[None]
known = torch.tensor([0, n - 1])
model = GCN(n, 6, 2, dropout=0.3)
optimizer = torch.optim.Adam(model.parameters(), lr=0.05, weight_decay=5e-4)
for epoch in range(8):
    model.train()
    optimizer.zero_grad()
    output = model(torch.eye(n), adjacency)
    loss = F.nll_loss(output[known], side[known])
    loss.backward()
    optimizer.step()
    print(f"epoch {epoch} loss {loss.item():.4f}")
model.eval()
print(f"right {(model(torch.eye(n), adjacency).max(1)[1] == side).double().mean().item():.3f}")
