"""stft, istft and embedding_bag beside torch: what their rows do not say."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import autodiff as ad

pytestmark = [
    pytest.mark.filterwarnings(f"ignore:{begins}")
    for begins in ("A window was not provided", "stft with return_complex=False", "The length of signal")
]
X = np.random.default_rng(0).standard_normal((2, 23))
TABLE = np.random.default_rng(1).standard_normal((5, 3))


def there_and_back(lib, given, imaginary=False):
    x = lib.tensor((X + 1j * X[::-1] if imaginary else X).tolist(), dtype=lib.complex128 if imaginary else lib.float64)
    window = lib.hann_window(given.get("win_length", 8), dtype=lib.float64)
    y = lib.stft(x, 8, window=window, **given)
    if not y.is_complex():
        return [y.numpy(), y.stride()]
    settings = {k: v for k, v in given.items() if k not in ("pad_mode", "return_complex")}
    back = lib.istft(y, 8, window=window, return_complex=imaginary, **settings)
    return [y.numpy(), back.numpy(), lib.istft(y, 8, window=window, length=23, **settings).numpy(), y.stride()]


@pytest.mark.parametrize(
    "given",
    [
        {"return_complex": True},
        {"return_complex": True, "hop_length": 3, "normalized": True},
        {"return_complex": True, "win_length": 7, "pad_mode": "constant"},
        {"return_complex": True, "onesided": False},
        {"return_complex": False},
    ],
)
def test_there_and_back(given):
    for ours, theirs in zip(there_and_back(ad, given), there_and_back(torch, given)):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_of_complex_signals():
    for ours, theirs in zip(*(there_and_back(lib, {"hop_length": 2}, True) for lib in (ad, torch))):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


@pytest.mark.parametrize(
    "call",
    """
    t.stft(x, 4); t.stft(c, 4, onesided=True, return_complex=True); t.stft(x, 20, return_complex=True)
    t.stft(x, 4, return_complex=True, align_to_window=True); t.istft(x, 4);
    t.istft(s, 4, return_complex=True); t.istft(s, 4, window=t.hann_window(4), center=False); t.istft(s, 6)
    f.embedding_bag(i, w); f.embedding_bag(i.reshape(2, 2), w, o); f.embedding_bag(i, w, o, mode="bad")
    f.embedding_bag(i, w, o, per_sample_weights=x[:4]); f.embedding_bag(i + 2, w, o)
    f.embedding_bag(i, w, o, per_sample_weights=x[:3], mode="sum"); f.embedding_bag(i, w, o + 1)
    f.embedding_bag(i, w, o * 4); f.embedding_bag(i, w, o, padding_idx=9); f.embedding_bag(i, w.int(), o)
    f.embedding_bag(i, w, o, mode="max", sparse=True); f.embedding_bag(i.float(), w, o)
    """.replace("\n", ";")
    .strip(" ;")
    .split(";"),
)
def test_refusals(call):
    told = []
    for lib in (ad, torch):
        given = {
            "t": lib, "f": lib.nn.functional, "x": lib.arange(10.0), "c": lib.ones(10, dtype=lib.complex64),
            "s": lib.ones(3, 5, dtype=lib.complex64), "w": lib.arange(12.0).reshape(4, 3),
            "i": lib.tensor([0, 1, 1, 3]), "o": lib.tensor([0, 2]),
        }  # fmt: skip
        with pytest.raises(Exception) as caught:  # noqa: PT011
            eval(call.strip(), given)
        told.append(caught.type)
    assert issubclass(*told)


@pytest.mark.parametrize("name", ["embedding", "embedding_bag"])
def test_rows_are_shortened_in_place(name):
    found = []
    for lib in (ad, torch):
        weight = lib.tensor(TABLE.tolist(), dtype=lib.float64)
        more = (lib.tensor([0, 1]),) if name == "embedding_bag" else ()
        y = getattr(lib.nn.functional, name)(lib.tensor([0, 3, 3]), weight, *more, max_norm=0.5)
        found.append((y.numpy(), weight.numpy(), weight._version))
    for ours, theirs in zip(*found):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
