"""parity's catalogue and the engine's registry cover each other, under the same family names."""

from __future__ import annotations

from pathlib import Path

import autodiff
from autodiff._core.registry import FUNCTIONS, PRIMITIVES
from autodiff._surface.methods import PUBLIC_KINDS
from parity.catalogue import CATALOGUE
from parity.catalogue.excluded import EXCLUDED

#: Public names of the engine that no row describes, by the reason.
WITHOUT_A_ROW = {
    "takes class numbers alone, of one dtype: held against torch in tests/ops": "nn.functional.one_hot",
    "gives no tensor: nothing to compare but a fact, held against torch in tests/core and tests/ops": """
        broadcast_shapes can_cast get_default_device get_default_dtype initial_seed is_complex is_floating_point
        is_nonzero is_same_size is_signed is_tensor numel promote_types result_type set_default_dtype type typename
        allclose equal is_conj is_neg
    """,
    "casts: recorded by every program of mixed dtypes, and held against torch in tests/ops": """
        bfloat16 bool byte cdouble cfloat char double float half int long short to type_as cpu
    """,
    "only a name for what another row checks: reshape, expand, zeros, full, matmul, logsumexp, split": """
        reshape_as view_as expand_as new_empty new_tensor linalg.matmul special.logsumexp split_with_sizes empty
        true_divide special.xlogy special.round
    """,
    "another name of one row, which is the same function: tests/ops/test_aliases.py": """
        absolute arccos arccosh arcsin arcsinh arctan arctan2 arctanh fix greater greater_equal less less_equal
        multiply negative not_equal special.exp2 special.expm1 special.log1p special.sinc
    """,
    "leaves or copies the graph, which programs do by steps of their own": "detach clone contiguous",
    "writes numbers into a tensor: histories, not programs of operators": "copy_ zero_",
    "draws over a tensor, or takes another's mask: bits, words and gradients held against torch in tests/ops": """
        binomial cauchy_ exponential_ geometric_ log_normal_ random_ uniform_ native_dropout
    """,
    "only another spelling of what nn.functional's row checks; tests/ops/test_random.py": """
        alpha_dropout dropout feature_alpha_dropout feature_dropout
    """,
    "seeds and states, no tensors of a program: tests/ops/test_random.py": """
        get_rng_state random.fork_rng random.get_rng_state random.initial_seed random.manual_seed random.seed
        random.set_rng_state seed set_rng_state
    """,
    "what the row of MultiheadAttention checks, a module; masks and refusals in tests/nn": """
        nn.functional.multi_head_attention_forward
    """,
    "the rows of nn.LSTM and its like check the same steps, as modules; by these names in tests/nn/test_rnn.py": """
        gru gru_cell lstm lstm_cell rnn_relu rnn_relu_cell rnn_tanh rnn_tanh_cell
    """,
    "only numbers for the words of nn.functional's row: tests/names/test_root_names.py": """
        affine_grid_generator ctc_loss grid_sampler
    """,
    "only another name of a row, or a table written: tests/names/test_root_names.py": """
        embedding_renorm_ native_channel_shuffle nn.functional.native_channel_shuffle nn.functional.upsample_bilinear
        nn.functional.upsample_nearest
    """,
    "iterates to a tolerance in torch: tests/names/test_root_names.py": "lobpcg",
    "gives a tuple in a tuple, which no step refers to: tests/names/test_root_names.py": "histogramdd",
    "what the row of LinearCrossEntropyLoss checks, a module; more shapes and refusals in tests/ops/test_losses.py": """
        nn.functional.linear_cross_entropy
    """,
    "memory without promised values": "empty_permuted empty_strided new_empty_strided resize_ resize_as_",
    "takes what no step holds, or another name for what a row checks: tests/ops/test_less_used_names.py": """
        conv_tbc nn.functional.conv_tbc fill fill_diagonal_ frobenius_norm nonzero_static norm_except_dim nuclear_norm
        pca_lowrank segment_reduce sum_to_size svd_lowrank unravel_index
    """,
    "takes memory that no step can hold: tests/ops/test_creation_edges.py": "frombuffer",
}
#: Families that the engine cuts finer than the catalogue: its own file to the catalogue's.
FINER = {
    "conversion": "creation",
    "values": "creation",
    "ranges": "creation",
    "windows": "creation",
    "sampling": "random",
    "dropout": "random",
    "generator": "random",
    "spectrograms": "fourier",
}
#: Rows that Python spells with brackets.
BRACKETS = {"getitem": "__getitem__", "setitem": "__setitem__"}


def families() -> dict[str, set[str]]:
    """Each public operator of the engine, and the families in which its row and its function stand."""
    found: dict[str, set[str]] = {}
    stems = {f.short for f in FUNCTIONS.values()} | {n for n, p in PRIMITIVES.items() if p.kind in PUBLIC_KINDS}
    for p in PRIMITIVES.values():
        for home in p.public if p.kind in PUBLIC_KINDS else ():
            found.setdefault(home, set()).add(Path(p.source[0]).stem)
    for f in FUNCTIONS.values():
        if f.short.startswith("_") or (f.short.endswith("_") and f.short[:-1] in stems):
            continue  # inside the engine only; an in-place form written by hand
        stem = f.body.__module__.rpartition(".")[2]
        row = PRIMITIVES.get(f.short)
        for space in f.namespaces:
            name = f.short if space in ("", "Tensor") else f"{space}.{f.short}"
            found.setdefault(name, set()).add(FINER.get(stem, stem))
            if row is not None:
                found[name].add(Path(row.source[0]).stem)
    return found


FAMILIES = families()
REASONED = {name: reason for reason, names in WITHOUT_A_ROW.items() for name in names.split()}


def test_every_public_operator_has_a_row_or_a_reason():
    assert sorted(set(FAMILIES) - set(CATALOGUE) - set(EXCLUDED) - set(REASONED)) == []


def test_every_row_exists_in_the_engine():
    assert sorted(set(CATALOGUE) - set(FAMILIES) - set(BRACKETS)) == []
    assert all(hasattr(autodiff.Tensor, method) for method in BRACKETS.values())


def test_no_reason_outlives_its_row():
    assert sorted(set(REASONED) & (set(CATALOGUE) | set(EXCLUDED))) == []
    assert sorted(set(REASONED) - set(FAMILIES)) == []
    assert sorted(set(EXCLUDED) - set(FAMILIES)) == []
    assert sum(len(names.split()) for names in WITHOUT_A_ROW.values()) == len(REASONED)


def test_families_agree():
    differing = {
        name: (row.family, sorted(FAMILIES[name]))
        for name, row in CATALOGUE.items()
        if name in FAMILIES and row.family not in FAMILIES[name]
    }
    assert differing == {}


def test_spellings_of_a_row_exist_in_the_engine():
    missing = []
    for name, row in CATALOGUE.items():
        short = name.rpartition(".")[2]
        for spelling, method in (("method", short), ("inplace", short + "_")):
            if spelling in row.spellings and name not in BRACKETS and not hasattr(autodiff.Tensor, method):
                missing.append(f"{name} {spelling}")
    assert missing == []
