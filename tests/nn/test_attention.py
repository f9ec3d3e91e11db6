"""Attention and transformers beside torch's: masks, bias rows, other widths, dropout, norms before and after."""

from __future__ import annotations

import pytest
import torch

import autodiff as ad
from tests.core.side_by_side import outcome, same


def of(lib, *shape, phase=1.0):
    count = 1
    for n in shape:
        count *= n
    return lib.sin(lib.arange(count, dtype=lib.float64) * 0.7 + phase).reshape(shape).clone().requires_grad_()


def filled(lib, module):
    with lib.no_grad():
        for i, p in enumerate(module.parameters()):
            p.copy_(of(lib, *p.shape, phase=i) * 0.5)
    return module


ATTENTION = {
    "plain": ({}, {}),
    "batch first": ({"batch_first": True}, {}),
    "no weights": ({}, {"need_weights": False}),
    "every head": ({}, {"average_attn_weights": False}),
    "no bias": ({"bias": False}, {}),
    "bias rows": ({"add_bias_kv": True}, {}),
    "a row of zeros": ({"add_zero_attn": True}, {"need_weights": False}),
    "other widths": ({"kdim": 3, "vdim": 5}, {}),
    "dropout": ({"dropout": 0.4}, {}),
    "mask": ({}, {"attn_mask": "causal"}),
    "mask for every head": ({}, {"attn_mask": "heads", "need_weights": False}),
    "padding": ({"batch_first": True}, {"key_padding_mask": "padding"}),
    "both": ({"batch_first": True}, {"key_padding_mask": "padding", "attn_mask": "causal", "need_weights": False}),
}


def mask(lib, kind):
    if kind == "causal":
        return lib.ones(3, 3, dtype=lib.bool).triu(1)
    if kind == "heads":
        return of(lib, 4, 3, 3).detach()
    return lib.tensor([[False, False, True], [False, True, True]])


@pytest.mark.parametrize("name", ATTENTION)
@pytest.mark.filterwarnings("ignore")
def test_attention(name):
    settings, call = ATTENTION[name]

    def program(lib):
        lib.manual_seed(0)
        module = filled(lib, lib.nn.MultiheadAttention(4, 2, dtype=lib.float64, **settings))
        shape = (2, 3) if settings.get("batch_first") else (3, 2)
        q, k, v = of(lib, *shape, 4), of(lib, *shape, module.kdim, phase=2), of(lib, *shape, module.vdim, phase=3)
        lib.manual_seed(1)
        given = {key: mask(lib, value) if isinstance(value, str) else value for key, value in call.items()}
        out, weights = module(q, k, v, **given)
        out.sum().backward()
        grads = [t.grad for t in (q, k, v, *module.parameters())]
        return [repr(module), out, weights, grads, list(module.state_dict())]

    # The keys' bias moves all scores alike: its gradient is 0 but for rounding.
    same(program, within=1e-9, floor=1e-15)


def test_one_sequence():
    def program(lib):
        module, x = filled(lib, lib.nn.MultiheadAttention(4, 2, dtype=lib.float64)), of(lib, 3, 4)
        return module(x, x, x)

    same(program, within=1e-10)


def test_first_weights_are_torchs():
    drawn = []
    for lib in (torch, ad):
        lib.manual_seed(5)
        drawn.append([p.detach().numpy() for p in lib.nn.Transformer(8, 2, 1, 2, 16).parameters()])
    for theirs, ours in zip(*drawn, strict=True):
        assert abs(theirs - ours).max() < 1e-6


@pytest.mark.parametrize(
    "settings", [{}, {"norm_first": True, "batch_first": True}, {"activation": "gelu", "bias": False}], ids=str
)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.filterwarnings("ignore")
def test_transformer(settings, training):
    def program(lib):
        model = lib.nn.Transformer(4, 2, 2, 1, 8, dropout=0.2, dtype=lib.float64, **settings)
        model = filled(lib, model).train(training)
        shape = (2, 3) if settings.get("batch_first") else (3, 2)
        src, tgt = of(lib, *shape, 4), of(lib, *shape, 4, phase=2)
        lib.manual_seed(1)
        out = model(src, tgt, tgt_mask=model.generate_square_subsequent_mask(3, dtype=lib.float64))
        (out * of(lib, *out.shape, phase=5).detach()).sum().backward()
        return [repr(model), out, src.grad, tgt.grad, [n for n, _ in model.named_parameters()]]

    same(program, within=1e-7)


REFUSED = {
    "heads": lambda lib: lib.nn.MultiheadAttention(5, 2),
    "nothing": lambda lib: lib.nn.MultiheadAttention(0, 2),
    "hint without a mask": lambda lib: (
        x := lib.ones(3, 2, 4), lib.nn.MultiheadAttention(4, 2)(x, x, x, is_causal=True),
    ),
    "activation": lambda lib: lib.nn.TransformerEncoderLayer(4, 2, activation="x"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_torchs_words(name):
    theirs = outcome(torch, REFUSED[name])
    assert issubclass(theirs[0], Exception)
    assert outcome(ad, REFUSED[name]) == theirs


FUNCTIONAL = {
    "plain": {},
    "hint": {"attn_mask": "causal", "is_causal": True, "need_weights": False},
    "hint that only names the mask": {"attn_mask": "odd", "is_causal": True},
    "static": {"static_k": (4, 5, 2), "static_v": (4, 5, 2), "need_weights": False},
    "apart": {"use_separate_proj_weight": True, "q_proj_weight": (4, 4), "k_proj_weight": (4, 4),
              "v_proj_weight": (4, 4), "average_attn_weights": False},
    "evaluating": {"training": False},
    "static of another size": {"static_k": (3, 5, 2)},
    "mask of another size": {"attn_mask": (3, 2)},
    "padding of another size": {"key_padding_mask": (2, 4)},
    "nothing apart": {"use_separate_proj_weight": True},
    "mask of four dimensions": {"attn_mask": (1, 1, 3, 3)},
    "mask of integers": {"attn_mask": "whole"},
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONAL)
@pytest.mark.filterwarnings("ignore")
def test_the_function(name):
    def program(lib):
        made = {"odd": lambda: of(lib, 3, 3).detach(), "whole": lambda: lib.ones(3, 3, dtype=lib.int64)}
        given = {}
        for key, value in FUNCTIONAL[name].items():
            given[key] = of(lib, *value) if isinstance(value, tuple) else made[value]() if value in made else value
            given[key] = mask(lib, value) if value == "causal" else given[key]
        q, k, v = (of(lib, 3, 2, 4, phase=phase) for phase in (1, 2, 3))
        weights = of(lib, 12, 4), of(lib, 12), None, None, False, 0.3, of(lib, 4, 4), of(lib, 4)
        lib.manual_seed(1)
        out, seen = lib.nn.functional.multi_head_attention_forward(q, k, v, 4, 2, *weights, **given)
        (out * of(lib, *out.shape, phase=5).detach()).sum().backward()
        return [out, seen, q.grad, weights[0].grad, weights[1].grad, weights[-1].grad]

    theirs, ours = outcome(torch, program), outcome(ad, program)
    if isinstance(theirs, tuple) and isinstance(theirs[0], type):
        assert ours[0] is theirs[0], (theirs, ours)
    else:
        same(program, within=1e-9, floor=1e-15)


MASKS = {
    "none": lambda lib: {},
    "causal": lambda lib: {"is_causal": True},
    "what takes part": lambda lib: {"attn_mask": lib.arange(20).reshape(4, 5) % 3 > 0},
    "a query that sees nothing": lambda lib: {"attn_mask": lib.arange(20).reshape(4, 5) > 4},
    "added": lambda lib: {"attn_mask": of(lib, 4, 5).detach()},
    "scale below 0": lambda lib: {"scale": -0.5},
}


@pytest.mark.parametrize("turned", [False, True], ids=["as it lies", "heads side by side"])
@pytest.mark.parametrize("masked", MASKS)
def test_the_fused_node_is_torchs(masked, turned):
    def told(lib):
        shape = (2, 4, 3, 2) if turned else (2, 3, 4, 2)
        q = of(lib, *shape)
        query = q.transpose(1, 2) if turned else q
        key, value = of(lib, 2, 3, 5, 2, phase=2), of(lib, 2, 3, 5, 2, phase=3)
        out = lib.nn.functional.scaled_dot_product_attention(query, key, value, **MASKS[masked](lib))
        node = out.grad_fn
        saved = [getattr(node, f"_saved_{name}").shape for name in ("query", "key", "value", "output")]
        grads = lib.autograd.grad(out, [query, key, value], of(lib, *out.shape).detach(), retain_graph=True)
        strides = [t.stride() for t in (out, *grads)]
        with pytest.raises(RuntimeError, match="flash_attention_for_cpu_backward is not implemented"):
            lib.autograd.grad(out.sum(), query, create_graph=True)[0].sum().backward()
        return [type(node).__name__, saved, strides, out, *grads]

    same(told)


def test_a_narrower_last_stride_is_composed():
    def told(lib):
        query = of(lib, 1, 2, 3, 8)[..., ::2]
        out = lib.nn.functional.scaled_dot_product_attention(query, query, query)
        (g,) = lib.autograd.grad(out.sum(), query, create_graph=True)
        return [type(out.grad_fn).__name__, out, g, *lib.autograd.grad(g.sum(), query)]

    same(told)
