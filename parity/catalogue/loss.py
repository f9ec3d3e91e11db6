"""Losses of two tensors, element by element."""

from __future__ import annotations

from parity.catalogue.arguments import argument, choice, op, option, real

_REDUCTION = choice("reduction", "sum", "none", "mean")
_NUMBER = choice("reduction", 2, 0, 1)
_LARGE = ((-800.0, -50.0), (20.0, 100.0), (-1e-6, 1e-6))
_SHARE = argument("target", "probabilities")

# fmt: off
ROWS = [
    op("nn.functional.mse_loss", real("input"), argument("target", "same_shape"), _REDUCTION,
       option("weight", "same_shape", above=0, tame=True), tags="exact", dtypes="hf", spellings="function"),
    op("nn.functional.l1_loss", real("input"), argument("target", "same_shape"), _REDUCTION,
       option("weight", "same_shape", above=0, tame=True), tags="exact", dtypes="hf", spellings="function",
       note="the derivative at 0 is 0"),
    op("nn.functional.smooth_l1_loss", real("input"), argument("target", "same_shape"), _REDUCTION,
       choice("beta", 1.0, 0.5, 2.0, 0.0), tags="exact", dtypes="hf", spellings="function"),
    op("nn.functional.huber_loss", real("input"), argument("target", "same_shape"), _REDUCTION,
       choice("delta", 1.0, 0.5, 2.0), option("weight", "same_shape", above=0, tame=True), tags="exact",
       dtypes="hf", spellings="function", note="the second derivative at delta is 0"),
    op("nn.functional.binary_cross_entropy", real("input", above=0, below=1), _SHARE, _REDUCTION,
       option("weight", "constant", above=0, part=True), stress=((1e-6, 1e-3), (0.999, 0.9999)), spellings="function",
       note="no logarithm counts less than -100"),
    op("nn.functional.binary_cross_entropy_with_logits", real("input"), _SHARE, _REDUCTION,
       option("weight", "constant", above=0, part=True), option("pos_weight", "constant", above=0, part=True),
       stress=_LARGE, spellings="function"),
    op("binary_cross_entropy_with_logits", real("input"), _SHARE, _NUMBER,
       option("weight", "constant", above=0, part=True), option("pos_weight", "constant", above=0, part=True),
       stress=_LARGE, spellings="function"),
    op("nn.functional.soft_margin_loss", real("input"), argument("target", "constant", values=(1.0, -1.0, 0.5)),
       _REDUCTION, stress=_LARGE, spellings="function"),
    op("nn.functional.poisson_nll_loss", real("input", above=0), argument("target", "same_shape", above=0),
       choice("log_input", True, False), choice("full", True, False), _REDUCTION, stress=((1e-6, 1e-3), (5.0, 20.0)),
       spellings="function"),
    op("poisson_nll_loss", real("input", above=0), argument("target", "same_shape", above=0),
       argument("log_input", "choice", values=(True, False)), argument("full", "choice", values=(False, True)),
       argument("eps", "choice", values=(1e-8, 1e-3)), argument("reduction", "choice", values=(2, 0, 1)),
       spellings="function"),
    op("nn.functional.gaussian_nll_loss", real("input"), argument("target", "same_shape"),
       argument("var", "same_shape", above=0), choice("full", True, False), _REDUCTION, spellings="function"),
    op("nn.functional.kl_div", real("input"), argument("target", "same_shape", above=0, below=1),
       choice("reduction", "batchmean", "sum", "none"), choice("log_target", False, True), spellings="function",
       note="a target of 0 costs nothing"),
    op("kl_div", real("input"), argument("target", "same_shape", above=0, below=1), _NUMBER,
       choice("log_target", False, True), spellings="function", note="a target of 0 costs nothing"),
]
