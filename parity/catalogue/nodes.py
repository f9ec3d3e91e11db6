"""Whose `grad_fn` goes by another name than torch's, and why; what torch's nodes keep. Knows no engine."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_ROAD = (
    "the last node of torch's composition, which depends on shapes and strides; the engine has one node, or another "
    "road to the same derivative"
)
_LAST = "the last step of a composition, which the engine takes by an operator of another name"

#: By torch's name of the operator: why nobody is held to the name of its node.
NAMED: Mapping[str, str] = MappingProxyType(
    {
        "bilinear": _ROAD,
        "nn.functional.bilinear": _ROAD,
        "cdist": _ROAD,
        "einsum": _ROAD,
        "diff": _LAST,
        "linalg.vecdot": _LAST,
        "nn.functional.cross_entropy": _LAST,
        "nn.functional.ctc_loss": _LAST,
        "rms_norm": _LAST,
        "nn.functional.rms_norm": _LAST,
        "special.xlog1py": "with a number torch has a node for each side; the derivative is the same",
    }
)

#: What torch's nodes keep for their backward pass, as torch calls it (`_saved_self` …), and their names without
#: "Backward". Of the others an engine may keep what its own formula is made of.
_KEEPING = (
    ("L", "LinalgCholeskyEx0"),
    ("condition", "Where0"),
    ("exponent", "Frexp0"),
    ("index", "IndexFill0 IndexFill1 IndexSelect0 ScatterAdd0 Scatter0 Scatter1"),
    (
        "indices",
        "Embedding0 Index0 IndexPut0 Kthvalue0 Max0 MaxUnpool2D0 MaxUnpool3D0 Min0 Mode0 Sort0 Sort1 Topk0",
    ),
    ("inverse", "LinalgInvEx0"),
    ("mask", "MaskedFill0 MaskedFill1 MaskedScatter0"),
    ("other self", "Mul0"),
    (
        "result",
        "CholeskyInverse0 CholeskySolve0 Exp20 Exp0 Expm10 LinalgPinv0 LinalgSolveTriangular0 LogSoftmax0 Pdist0 "
        "Polar0 Reciprocal0 Relu0 Rsqrt0 Sigmoid0 Softmax0 SpecialNdtri0 Sqrt0 Tan0 Tanh0",
    ),
    (
        "self",
        "Abs0 Acos0 Acosh0 AdaptiveAvgPool2D0 AdaptiveAvgPool3D0 AdaptiveMaxPool2D0 AdaptiveMaxPool3D0 Amin0 Angle0 "
        "Asin0 Asinh0 Atan0 Atanh0 AvgPool2D0 AvgPool3D0 Celu0 Clamp0 Clamp1 ClampMax0 ClampMax1 ClampMin0 ClampMin1 "
        "Cos0 Cosh0 Digamma0 Div0 Dot0 Elu0 Erf0 Erfc0 Erfinv0 FractionalMaxPool2D0 FractionalMaxPool3D0 Gather0 "
        "Gelu0 Glu0 Hardshrink0 Hardsigmoid0 Hardswish0 Hardtanh0 I00 LeakyRelu0 Lgamma0 LinalgMatrixExp0 Log100 "
        "Log1P0 Log20 Log0 LogSigmoid0 MaxPool2DWithIndices0 MaxPool3DWithIndices0 Median0 Min1 Mish0 Mvlgamma0 "
        "NanToNum0 Nanmedian0 Nansum0 Polygamma0 Pow0 ReflectionPad1D0 Silu0 Sin0 Sinc0 Sinh0 Softplus0 Softshrink0 "
        "SpecialEntr0 Threshold0 Var0",
    ),
    ("LU pivots", "LinalgLuFactorEx0 LinalgLuSolve0"),
    ("batch1 batch2", "Addbmm0"),
    ("eps self", "Logit0"),
    ("imag real", "Complex0"),
    ("index self", "Take0"),
    ("index source", "IndexAdd0 IndexCopy0 Put0"),
    ("indices self", "Cummax0 Cummin0"),
    ("input weight", "Convolution0 NativeBatchNorm0"),
    ("mask self", "MaskedSelect0"),
    ("mat vec", "Addmv0"),
    ("mat2 self", "Bmm0 Mm0"),
    ("noise self", "RreluWithNoise0"),
    ("other result", "Ldexp0"),
    (
        "other self",
        "Atan20 Dist0 Fmax0 Fmin0 Fmod1 LinalgCross0 Logaddexp20 Logaddexp0 Maximum0 Minimum0 Nextafter0 Remainder1 "
        "SpecialXlog1Py0 SpecialZeta0 Vdot0 Xlogy0",
    ),
    (
        "result self",
        "Amax0 Copysign0 Copysign1 Cumprod0 LinalgVectorNorm0 Logcumsumexp0 Logsumexp0 Max1 Norm1 Prod0 Prod1 Sgn0 "
        "SpecialErfcx0 SpecialI0E0 SpecialI10 SpecialI1E0 SpecialLogNdtr0 Std0",
    ),
    ("self target", "HuberLoss0 SmoothL1Loss0 SoftMarginLoss0"),
    ("self vec", "Mv0"),
    ("self weight", "PreluKernel0"),
    ("tensor1 tensor2", "Addcdiv0 Addcmul0"),
    ("vec1 vec2", "Addr0"),
    ("A LU pivots", "LinalgSolveEx0"),
    ("bias input weight", "NativeLayerNorm0"),
    ("end self weight", "Lerp1"),
    ("exponent result self", "Pow1"),
    ("index result self", "IndexReduce0"),
    ("other result self", "Hypot0"),
    ("result x1 x2", "Cdist0"),
    ("A LU pivots result", "LinalgDet0"),
    ("index result self src", "ScatterReduce0"),
)
#: The same by the whole name of the node.
SAVED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {f"{node[:-1]}Backward{node[-1]}": tuple(kept.split()) for kept, nodes in _KEEPING for node in nodes.split()}
)
