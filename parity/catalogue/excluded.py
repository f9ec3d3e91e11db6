"""What no program checks, and why: names that the catalogue leaves out, and known differences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

#: Operators by torch's name that no row describes, with the reason.
EXCLUDED: Mapping[str, str] = MappingProxyType(
    {
        "from_numpy": "takes an array, which no step can hold; every program's inputs go through it instead",
        "from_dlpack": "takes other libraries' memory, which no step can hold; held against torch in "
        "tests/core/test_lending.py",
        "linalg.eig": "torch promises no order of eigenvalues, which libraries find in different ones; held against "
        "torch in tests/ops by what does not hang on it: "
        "https://docs.pytorch.org/docs/stable/generated/torch.linalg.eig.html",
        "linalg.eigvals": "torch promises no order of eigenvalues: see linalg.eig",
        "linalg.ldl_solve": "takes factors whose exchanges only LAPACK knows how to write; held against torch in "
        "tests/ops",
        "empty_like": "its values are whatever the memory held, its shape and dtype those of zeros_like: "
        "https://docs.pytorch.org/docs/stable/generated/torch.empty_like.html",
        "conj": "torch's is a lazy view, which the engine has not: it conjugates at once, into memory of its own; "
        "conj_physical has a row: https://docs.pytorch.org/docs/stable/generated/torch.conj.html",
        "vander": "torch 2.13 writes the powers in place and then refuses its own backward pass; linalg.vander has a "
        "row, and tests/ops/test_creation_edges.py holds the values against torch",
        "manual_seed": "gives a generator, not a tensor; tests/ops/test_random.py holds the stream against torch's",
    }
)


@dataclass(frozen=True, slots=True)
class Known:
    """Where torch's answer is not to be followed, though no finite truth is there to prove it wrong."""

    checks: frozenset[str]
    reason: str
    #: What torch's answer is there, of "nan inf 0", or "any".
    torch: str = "nan"
    #: Or what the engine's is, of "nan inf".
    engine: str = ""
    #: Or what both are together, torch's first, as "0/nan".
    together: str = ""
    #: An argument, by its name, with which torch's answer may be any.
    given: tuple[str, Any] | None = None
    #: Whether torch's nan is passed on to what comes before the operator, where it is met without it.
    spreads: bool = False


_GRADIENTS = frozenset(["gradient", "second"])
_ANY = _GRADIENTS | {"value"}
_QUOTIENTS = (
    "torch divides the product by the input, so nan or inf in one input makes every gradient nan; "
    "a gradient does not depend on its own input, so the others' product is right: "
    "https://github.com/pytorch/pytorch/blob/v2.13.0/torch/csrc/autograd/FunctionsManual.cpp"
)

_LEFT_OUT = (
    "with include_self=False torch counts the input's element among those that tie for an extreme, gives it its share "
    "and drops that; what is left out has none: "
    "https://github.com/pytorch/pytorch/blob/v2.13.0/torch/csrc/autograd/FunctionsManual.cpp"
)
_BENT = "the gradient at nan is one in torch's vectorised loop, another in the scalar loop for the rest of an array"
_BENDING = (
    "hardshrink nn.functional.hardshrink nn.functional.softshrink nn.functional.hardtanh nn.functional.relu6 "
    "nn.functional.hardswish nn.functional.elu celu nn.functional.celu selu nn.functional.selu"
)

#: Differences that stay, by operator; counted in every report. A row covers nothing that the truth decides, and only
#: the answers that its reason explains.
KNOWN: Mapping[str, Known] = MappingProxyType(
    {
        "addcdiv": Known(
            _GRADIENTS,
            "torch divides by the divisor's square, which vanishes first: inf or nan where the true one is not",
            torch="nan inf",
        ),
        "atan2": Known(
            _GRADIENTS,
            "torch's derivative divides by x² + y², which underflows: it is 0 (in second order nan) where the true one "
            "is large or infinite",
            torch="nan 0",
        ),
        **{
            name: Known(_GRADIENTS | {"value"}, "torch makes 0·inf of an infinite score, whose loss is infinite or 0")
            for name in ("binary_cross_entropy_with_logits", "nn.functional.binary_cross_entropy_with_logits")
        },
        "nn.functional.binary_cross_entropy": Known(
            _GRADIENTS,
            "torch's least variance, 1e-12, is 0 in half precision, and one of -0 turns the sign about",
            torch="nan inf",
        ),
        "cdist": Known(
            _ANY,
            "torch computes distances by products of matrices: beside an infinite coordinate that is inf - inf",
            together="nan/inf nan/0 nan/finite",
        ),
        **{
            f"{space}conv{n}d": Known(
                _ANY,
                "an infinity times a 0 of the padding is nan, or left out: torch does one for one image and the other "
                "for two, with one kernel or the other",
                engine="nan",
            )
            for n in (1, 2, 3)
            for space in ("", "nn.functional.")
        },
        "copysign": Known(
            frozenset(["second"]), "torch's second derivative at 0 divides by it, though the first is pinned at 0 there"
        ),
        **{
            f"{space}cosine_similarity": Known(
                frozenset(["second"]),
                "a norm has no second derivative at 0, where torch's is nan; in torch that nan goes on through what is "
                "0 for certain, as is one half of a triangular matrix",
                spreads=True,
            )
            for space in ("", "nn.functional.")
        },
        **{
            f"fft.{name}{count}": Known(
                _ANY,
                "nan and inf go where the library's way of splitting the sums takes them: a factor of 1 or i is no "
                "multiplication in one, and 0·inf in another",
                torch="any",
            )
            for name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
            for count in ("", "2", "n")
        },
        **{
            name: Known(
                _GRADIENTS,
                "torch exchanges rows by the product with a matrix of 0 and 1: 0·inf",
                together="nan/inf nan/finite nan/0",
            )
            for name in ("lu", "linalg.lu", "linalg.lu_factor", "linalg.lu_factor_ex")
        },
        "cumprod": Known(
            _GRADIENTS,
            f"{_QUOTIENTS}; and past the first 0 of a row it writes 0, whatever the products are, "
            "so that second derivatives lack these terms; recorded, it leaves each factor out, and a nan meets fewer",
            together="0/nan inf/nan finite/nan",
        ),
        "index_reduce": Known(_GRADIENTS, f"{_LEFT_OUT}; {_QUOTIENTS}", given=("include_self", False)),
        **{
            f"{space}{name}_norm": Known(
                _ANY,
                "torch multiplies what it takes away by the weight: inf - inf where that is inf",
                torch="nan inf",
            )
            for space in ("", "nn.functional.")
            for name in ("batch", "instance", "group")
        },
        "nn.functional.gelu": Known(
            frozenset(["second"]), "torch's second derivative by tanh multiplies an infinite input by 0, which is nan"
        ),
        **{
            f"nn.functional.{name}_margin_loss": Known(
                _GRADIENTS,
                "torch multiplies an infinite gradient by 0 where no class comes near, but no weight",
                torch="nan",
                engine="nan",
            )
            for name in ("multi", "multilabel")
        },
        **{
            f"{space}layer_norm": Known(
                _GRADIENTS, "torch's fused backward makes 0·inf of infinite weights and deviations"
            )
            for space in ("", "nn.functional.")
        },
        **{
            name: Known(
                _GRADIENTS,
                "torch takes reflections away from whole matrices, where an infinite gradient meets their zeros",
                together="nan/inf nan/finite nan/0 inf/nan",
            )
            for name in ("linalg.householder_product", "orgqr", "ormqr")
        },
        **{
            name: Known(
                _GRADIENTS,
                "torch's squares of the smallest numbers vanish, and with them the slope that meets an infinity",
                together="nan/inf",
            )
            for name in ("dist", "norm", "linalg.norm", "linalg.vector_norm")
        },
        "exp2": Known(
            _GRADIENTS, "torch multiplies by log 2 last, which overflows just below infinity", torch="nan inf"
        ),
        "float_power": Known(
            _GRADIENTS,
            "torch's derivatives of 0**y in y multiply 0 and log(0), which is nan; of complex y the first too",
        ),
        "frexp": Known(
            _GRADIENTS,
            "torch divides by 2**exponent in single precision: by 0 for numbers below its range",
            torch="nan inf",
        ),
        "logaddexp": Known(
            frozenset(["second"]), "torch's second derivative divides e^∞ by its square at infinite distances: nan"
        ),
        "logaddexp2": Known(
            frozenset(["second"]), "torch's second derivative divides 2^∞ by its square at infinite distances: nan"
        ),
        **{name: Known(_GRADIENTS, _BENT, torch="any") for name in _BENDING.split()},
        **{
            name: Known(
                frozenset(["second"]),
                "torch's second derivative of a determinant divides by it: at singular matrices that is nan, where the "
                "cofactors' derivative is a number",
                spreads=True,
            )
            for name in ("det", "linalg.det")
        },
        **{
            name: Known(
                _GRADIENTS,
                "at -0 torch's kernel divides in whole vectors, and is infinite as at 0 in what is left over: the sign "
                "hangs on the place",
                together="inf/inf",
            )
            for name in ("logit", "special.logit")
        },
        "pow": Known(frozenset(["second"]), "torch's second derivative of 0**y in y is 0·log(0)², which is nan"),
        "logcumsumexp": Known(
            _GRADIENTS,
            "torch takes logarithms of the incoming gradient, which have no derivative where that is 0, and passes "
            "over one that is nan; sums that are infinite have none",
            engine="nan",
            spreads=True,
        ),
        "mode": Known(
            frozenset(["value", "gradient"]),
            "torch sorts by `<`, by which nan is in no order, so what it takes for frequent among nans hangs on their "
            "places: https://github.com/pytorch/pytorch/blob/v2.13.0/aten/src/ATen/native/cpu/SortingKernel.cpp",
            torch="any",
        ),
        **{
            name: Known(_GRADIENTS, "torch multiplies an infinite gradient by the input where that is 0")
            for name in ("prelu", "nn.functional.prelu")
        },
        "prod": Known(_GRADIENTS, _QUOTIENTS),
        **dict.fromkeys(
            ("std_mean", "var_mean"),
            Known(
                frozenset(["value"]),
                "torch takes the mean while it takes the variance, which makes nan of an infinity; torch.mean gives it",
            ),
        ),
        "renorm": Known(frozenset(["second"]), "torch's rule multiplies what it leaves unscaled, nan too, by 0"),
        "scatter_reduce": Known(_GRADIENTS, f"{_LEFT_OUT}; {_QUOTIENTS}", given=("include_self", False)),
        **{
            name: Known(
                _ANY,
                "at infinity torch's series makes nan of what vanishes, and at a pole it divides by the sine of a "
                "rounded multiple of π, so that what is infinite is only large",
                engine="inf",
            )
            for name in (
                "digamma",
                "lgamma",
                "mvlgamma",
                "polygamma",
                "special.digamma",
                "special.gammaln",
                "special.multigammaln",
                "special.polygamma",
                "special.psi",
                "special.zeta",
            )
        },
        **{
            f"special.{shifted}{name}": Known(
                frozenset(["value"]),
                "torch leaves its recurrence before the first step where x is nan, and returns a variable that was "
                "never set: aten/src/ATen/native/Math.h",
                torch="any",
            )
            for shifted, names in (
                (
                    "",
                    "chebyshev_polynomial_t chebyshev_polynomial_u chebyshev_polynomial_v chebyshev_polynomial_w "
                    "hermite_polynomial_h hermite_polynomial_he laguerre_polynomial_l legendre_polynomial_p",
                ),
                (
                    "shifted_",
                    "chebyshev_polynomial_t chebyshev_polynomial_u chebyshev_polynomial_v chebyshev_polynomial_w",
                ),
            )
            for name in names.split()
        },
        **{
            name: Known(_ANY, "torch divides infinities at an infinite argument, where it is infinite", engine="inf")
            for name in ("i0", "special.i0", "special.i1", "special.modified_bessel_i0", "special.modified_bessel_i1")
        },
        "special.erfcx": Known(_GRADIENTS, "its derivative vanishes at infinity: torch multiplies 0 by an infinity"),
        "special.airy_ai": Known(frozenset(["value"]), "it vanishes at infinity: torch multiplies 0 by an infinity"),
        "special.log_ndtr": Known(_GRADIENTS, "at -inf torch subtracts infinities; the derivative there is infinite"),
        "sinc": Known(
            _GRADIENTS,
            "torch's derivative is 0, the second 0/0, wherever x² vanishes, whatever comes in; the true ones are "
            "-π²x/3 and -π²/3",
            torch="nan 0",
            spreads=True,
        ),
        "nn.functional.soft_margin_loss": Known(
            _GRADIENTS, "torch divides e^-xy by 1 + e^-xy, which is inf/inf; the true quotient is 1"
        ),
    }
)


#: What torch refuses by mistake, by its words, whatever the operator.
REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "input_is_complex == grad_is_complex": "torch hands a real operand beside a complex one a complex gradient, "
        "which its own backward pass refuses",
        "Unsupported memory format. Supports only ChannelsLast3d, Contiguous": "torch's pooling of one volume "
        "refuses a gradient that lies as images with channels last do, though its order in memory means nothing",
        "INTERNAL ASSERT FAILED": "torch trips over a check of its own inside",
        "ZeroTensors are immutable": "torch's gradient is a tensor of zeros without memory, to which its own backward "
        "pass cannot add another",
        "storage_offset divisible by 2": "torch refuses a gradient of real and imaginary parts that is a slice "
        "beginning at an odd element, though where it begins means nothing",
    }
)
#: The operator that says so of what it is given itself, in every engine.
_SAYS_SO = MappingProxyType({"storage_offset divisible by 2": "view_as_complex"})


def mistaken(message: str) -> str:
    """Why torch refuses by mistake, in these words; empty if it does not."""
    return next((reason for words, reason in REFUSED.items() if words in message), "")


def known(
    op: str, check: str, reference: Any, subject: Any, truth: Any, arguments: Iterable[Mapping[str, Any]] = ()
) -> str:
    """The reason why this difference is known; empty if it is not.

    `arguments` are the named ones of each step of the operator.
    """
    if check == "error":
        said = getattr(reference, "message", "")
        for words, reason in REFUSED.items():
            if words in said and op != _SAYS_SO.get(words):
                return reason
    row = KNOWN.get(op)
    if row is None or check not in row.checks or truth is not None:
        return ""
    shown = sort(reference) in row.torch.split() or sort(subject) in row.engine.split()
    shown = shown or f"{sort(reference)}/{sort(subject)}" in row.together.split()
    given = row.given is not None and any(row.given in named.items() for named in arguments)
    return row.reason if shown or given or row.torch == "any" else ""


def spread(ops: Iterable[str], check: str, reference: Any, truth: Any) -> str:
    """The reason why torch's nan may be that of one of these operators, wherever it shows; empty if there is none."""
    if truth is not None or sort(reference) != "nan":
        return ""
    return next((KNOWN[op].reason for op in ops if op in KNOWN and KNOWN[op].spreads and check in KNOWN[op].checks), "")


def sort(x: Any) -> str:
    """What sort of number an answer is: "nan", "inf", "0", or another one; nothing for what is no number."""
    if not isinstance(x, (bool, int, float, complex)):
        return ""
    parts = (x.real, x.imag)
    if any(map(math.isnan, parts)):
        return "nan"
    return "inf" if any(map(math.isinf, parts)) else "0" if x == 0 else "finite"
