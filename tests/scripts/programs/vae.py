"""A variational autoencoder of stripes."""

import torch
from torch import nn, optim
from torch.nn import functional as F


class VAE(nn.Module):
    def __init__(self, size=16, hidden=12, latent=2):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(size, hidden), nn.ReLU())
        self.mu = nn.Linear(hidden, latent)
        self.logvar = nn.Linear(hidden, latent)
        self.decoder = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, size), nn.Sigmoid())

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        return mu + torch.randn_like(std) * std

    def forward(self, x):
        h = self.encoder(x.view(-1, 16))
        mu, logvar = self.mu(h), self.logvar(h)
        return self.decoder(self.reparameterize(mu, logvar)), mu, logvar


def loss_function(reconstruction, x, mu, logvar):
    bce = F.binary_cross_entropy(reconstruction, x, reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return bce + kld


torch.manual_seed(1)
phase = torch.rand(40, 1) * 6.28
data = (torch.sin(torch.arange(16).float() * 0.8 + phase) > 0).float()
model = VAE()
optimizer = optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(6):
    model.train()
    total = 0.0
    for batch in torch.split(data[torch.randperm(len(data))], 10):
        optimizer.zero_grad()
        loss = loss_function(*(out := model(batch))[:1], batch, *out[1:])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=50.0)
        total += loss.item()
        optimizer.step()
    print(f"epoch {epoch}: {total / len(data):.4f}")
with torch.no_grad():
    samples = model.decoder(torch.randn(3, 2))
print("samples", [f"{value:.3f}" for value in samples.mean(dim=1).tolist()])
