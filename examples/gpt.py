"""A small GPT that learns four sonnets letter by letter (Radford et al., 2019; the sonnets are Shakespeare's).

    python -m examples.gpt --engine autodiff

Every letter looks back at those before it, twice (two blocks), through four heads each, and says which letter comes
next. At the end it goes on from "Shall I " by itself; the picture shows what it says, each letter coloured by how
sure it was, and where one head of the first block looks.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from pathlib import Path
from typing import Any

from examples.picture import Picture, colour
from examples.stage import show

TEXT = Path(__file__).with_name("sonnets.txt").read_text(encoding="utf-8")
LETTERS = sorted(set(TEXT))
WIDTH, HEADS, BLOCKS, LENGTH, BATCH = 48, 4, 2, 32, 16


def network(torch: Any) -> Any:
    nn, functional = torch.nn, torch.nn.functional

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            self.look, self.bring = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
            self.think = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

        def heads(self, x: Any) -> Any:
            parts = self.look(self.first(x)).split(WIDTH, 2)
            return (part.unflatten(2, (HEADS, -1)).transpose(1, 2) for part in parts)

        def forward(self, x: Any) -> Any:
            query, key, value = self.heads(x)
            seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
            x = x + self.bring(seen.transpose(1, 2).flatten(2))
            return x + self.think(self.second(x))

    class GPT(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.letter, self.place = nn.Embedding(len(LETTERS), WIDTH), nn.Embedding(LENGTH, WIDTH)
            self.blocks = nn.ModuleList([Block() for _ in range(BLOCKS)])
            self.norm, self.next = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, len(LETTERS), bias=False)

        def embedded(self, letters: Any) -> Any:
            return self.letter(letters) + self.place(torch.arange(letters.size(1)))

        def forward(self, letters: Any) -> Any:
            x = self.embedded(letters)
            for block in self.blocks:
                x = block(x)
            return self.next(self.norm(x))

    return GPT()


def train(torch: Any, steps: int) -> Generator[float, None, Any]:
    torch.manual_seed(0)
    model = network(torch)
    text = torch.tensor([LETTERS.index(letter) for letter in TEXT])
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.99))
    for _ in range(steps):
        starts = torch.randint(0, len(text) - LENGTH - 1, (BATCH,)).tolist()
        given = torch.stack([text[i : i + LENGTH] for i in starts])
        wanted = torch.stack([text[i + 1 : i + LENGTH + 1] for i in starts])
        loss = torch.nn.functional.cross_entropy(model(given).flatten(0, 1), wanted.flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        yield loss.item()
    return model


def going_on(torch: Any, model: Any, begun: str, count: int) -> list[tuple[str, float]]:
    """Letters that the model puts after these, each drawn by its likelihood, and how likely it was."""
    torch.manual_seed(1)
    letters, said = [LETTERS.index(letter) for letter in begun], []
    with torch.no_grad():
        for _ in range(count):
            likely = torch.softmax(model(torch.tensor([letters[-LENGTH:]]))[0, -1] / 0.7, 0)
            letters.append(int(torch.multinomial(likely, 1)))
            said.append((LETTERS[letters[-1]], float(likely[letters[-1]])))
    return said


def picture(torch: Any, model: Any, losses: list[float]) -> Picture:
    drawing = Picture(790, 420)
    begun = "Shall I "
    x, y = 20, 40
    for letter, sure in [*((letter, 1.0) for letter in begun), *going_on(torch, model, begun, 420)]:
        if letter == "\n" or x > 490:
            x, y = 20, y + 22
        if letter == "\n":
            continue
        if y < 400:
            drawing.rectangle(x, y - 13, 8.6, 18, colour(sure, -1.6, 2.4))
            drawing.words(x, y, letter, 14, fixed=True)
        x += 8.6
    drawing.words(520, 32, "loss, a letter", 13)
    drawing.curve(losses, 520, 42, 220, 100, "#333")
    drawing.words(520, 182, "where a head of the first block looks", 13)
    with torch.no_grad():
        line = torch.tensor([[LETTERS.index(letter) for letter in TEXT[:LENGTH]]])
        query, key, _ = model.blocks[0].heads(model.embedded(line))
        scores = (query @ key.transpose(2, 3))[0, 1] / math.sqrt(WIDTH // HEADS)
        later = torch.ones(LENGTH, LENGTH, dtype=torch.bool).triu(1)
        looks = torch.softmax(scores.masked_fill(later, -math.inf), 1).numpy()
    drawing.grid(looks, 520, 192, 6.5, -0.5, 0.5)
    return drawing


if __name__ == "__main__":
    show(train, picture, 600)
