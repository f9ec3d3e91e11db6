"""Losses as modules."""

from __future__ import annotations

from autodiff.nn.modules.layer import layer

L1Loss = layer("L1Loss", "l1_loss", inputs=2, settings="size_average reduce reduction")
MSELoss = layer("MSELoss", "mse_loss", inputs=2, settings="size_average reduce reduction")
SmoothL1Loss = layer("SmoothL1Loss", "smooth_l1_loss", inputs=2, settings="size_average reduce reduction beta")
HuberLoss = layer("HuberLoss", "huber_loss", inputs=2, settings="reduction delta")
NLLLoss = layer("NLLLoss", "nll_loss", inputs=2)
CrossEntropyLoss = layer("CrossEntropyLoss", "cross_entropy", inputs=2)
BCELoss = layer("BCELoss", "binary_cross_entropy", inputs=2)
BCEWithLogitsLoss = layer("BCEWithLogitsLoss", "binary_cross_entropy_with_logits", inputs=2)
KLDivLoss = layer("KLDivLoss", "kl_div", inputs=2)
SoftMarginLoss = layer("SoftMarginLoss", "soft_margin_loss", inputs=2)
