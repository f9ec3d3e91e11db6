"""An LSTM that reads sequences of unequal lengths and says whether their sum is positive."""

import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 6, padding_idx=0)
        self.lstm = nn.LSTM(6, 8, num_layers=2, batch_first=True, bidirectional=True, dropout=0.2)
        self.norm = nn.LayerNorm(16)
        self.out = nn.Linear(16, 1)

    def forward(self, tokens, lengths):
        packed = pack_padded_sequence(self.embed(tokens), lengths, batch_first=True, enforce_sorted=False)
        output, (h, _) = self.lstm(packed)
        output, _ = pad_packed_sequence(output, batch_first=True)
        return self.out(self.norm(torch.cat([h[-2], h[-1]], dim=1))).squeeze(-1), output


torch.manual_seed(2)
lengths = torch.randint(2, 7, (12,))
sequences = [torch.randint(1, 11, (int(n),)) for n in lengths]
targets = torch.stack([s.float().mean() > 5.4 for s in sequences]).float()
padded = pad_sequence(sequences, batch_first=True)
model = Reader()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.5)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1, factor=0.5)
for step in range(6):
    logits, output = model(padded, lengths)
    loss = criterion(logits, targets)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_value_(model.parameters(), 0.5)
    optimizer.step()
    scheduler.step(loss.item())
    print(f"step {step} loss {loss.item():.5f} rate {optimizer.param_groups[0]['lr']:.4f} {tuple(output.shape)}")
model.eval()
print("right", int(((model(padded, lengths)[0] > 0) == targets.bool()).sum()))
