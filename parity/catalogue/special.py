"""The error function's and the gamma function's relatives."""

from __future__ import annotations

from parity.catalogue.arguments import POINTWISE, beside, number, op, operand, option, real

#: Γ's poles, and the roots of digamma next to them.
_POLES = (0.0, -1.0, -2.0)
_ROOTS = (1.4616321449683622, -0.504083008264456)
_NO_HALF = "torch has no kernel for float16"
_INPUT = "torch has no derivative by the first argument, and raises NotImplementedError for it"

# fmt: off
ROWS = [
    op("erf", real("input"), dtypes="buihf", spellings=POINTWISE, tags="signed_zero",
       stress=((-1e-8, 1e-8), (2.0, 5.0))),
    op("special.erf", real("input"), dtypes="buihf", spellings="function out", tags="signed_zero",
       stress=((-1e-8, 1e-8), (2.0, 5.0))),
    op("erfc", real("input"), dtypes="buihf", spellings=POINTWISE,
       stress=((-1e-8, 1e-8), (2.0, 5.0), (10.0, 26.0))),
    op("special.erfc", real("input"), dtypes="buihf", spellings="function out",
       stress=((-1e-8, 1e-8), (2.0, 5.0), (10.0, 26.0))),
    op("special.erfcx", real("input"), dtypes="buif", spellings="function out", note=_NO_HALF,
       stress=((-1e-8, 1e-8), (0.1, 4.0), (4.0, 50.0), (-5.0, -2.0), (-26.0, -5.0), (1e3, 1e6), (1e151, 1e153))),
    op("erfinv", real("input", above=-1, below=1), dtypes="buihf", spellings=POINTWISE, tags="signed_zero",
       critical=(0.5,), stress=((-1e-8, 1e-8), (0.4, 0.8), (0.999, 0.99999), (-0.99999, -0.999))),
    op("special.erfinv", real("input", above=-1, below=1), dtypes="buihf", spellings="function out",
       tags="signed_zero", stress=((-1e-8, 1e-8), (0.4, 0.8), (0.999, 0.99999), (-0.99999, -0.999))),
    op("special.ndtr", real("input"), dtypes="buihf", spellings="function out",
       stress=((-8.0, -4.0), (-30.0, -8.0), (-1.5, -0.2), (4.0, 12.0), (-1e-8, 1e-8))),
    op("special.ndtri", real("input", above=0, below=1), dtypes="buif", spellings="function out",
       critical=(0.5,), stress=((1e-30, 1e-20), (0.999, 0.99999)), note=_NO_HALF),
    op("special.log_ndtr", real("input"), dtypes="buif", spellings="function out", critical=(-1.0,),
       stress=((-20.0, -4.0), (-6.0, -4.0), (-4.0, -1.0), (-1.0, 2.0), (2.0, 4.0), (-1e-8, 1e-8)), note=_NO_HALF),
    op("special.entr", real("input", above=0), dtypes="buihf", spellings="function out",
       critical=(0.36787944117144233,), stress=((1e-30, 1e-20), (0.999999, 1.000001), (0.36787, 0.36789))),
    op("special.xlog1py", real("input"), operand("other", above=-1, low=-0.75), dtypes="buihf",
       spellings="function out", note="where the first argument is 0 the value is 0, whatever the second one is"),
    op("logit", real("input", above=0, below=1, kinks=(0.1, 0.9, 0.001, 0.999)),
       option("eps", choices=(0.1, 0.001), tame=True), dtypes="buihf", spellings=POINTWISE,
       critical=(0.5,), stress=((1e-30, 1e-20), (0.4999, 0.5001), (0.999, 0.99999))),
    op("special.logit", real("input", above=0, below=1, kinks=(0.1, 0.9, 0.001, 0.999)),
       option("eps", choices=(0.1, 0.001), tame=True), dtypes="buihf", spellings="function out",
       stress=((1e-30, 1e-20), (0.4999, 0.5001))),
    op("lgamma", real("input", kinks=_POLES), dtypes="buihf", spellings=POINTWISE, critical=(2.0, 3.0, -0.5),
       stress=((1e-30, 1e-20), (0.1, 0.9), (0.999, 1.001), (1.2, 1.8), (1.999, 2.001), (2.1, 3.0), (3.0, 13.0),
               (1e2, 1e5), (-1e-21, -1e-22), (-0.9, -0.1), (-3.9, -3.1), (-4.9, -4.1), (-20.9, -20.1), (1e301, 1e304))),
    op("special.gammaln", real("input", kinks=_POLES), dtypes="buihf", spellings="function out",
       stress=((0.999, 1.001), (1e2, 1e5))),
    op("digamma", real("input", kinks=_POLES), dtypes="buihf", spellings=POINTWISE, critical=_ROOTS,
       stress=((1e-6, 1e-5), (1.461, 1.462), (1e2, 1e5), (-0.9, -0.1))),
    *(
        op(name, real("input", kinks=_POLES), dtypes="buihf", spellings="function out", critical=_ROOTS,
           stress=((1.461, 1.462), (1e2, 1e5)))
        for name in ("special.digamma", "special.psi")
    ),
    *(
        op(name, number("n", choices=(0, 1, 2, 3)), real("input", above=0), dtypes="buihf", spellings="function out",
           stress=((1e-6, 1e-5), (0.2, 2.0), (10.0, 40.0), (1e2, 1e5), (-0.9, -0.1), (-3.9, -3.1), (1e61, 1e65)))
        for name in ("polygamma", "special.polygamma")
    ),
    op("mvlgamma", real("input", above=1), number("p", choices=(1, 2, 3)), dtypes="uihf", spellings=POINTWISE,
       stress=((1e2, 1e5),)),
    op("special.multigammaln", real("input", above=1), number("p", choices=(1, 2, 3)), dtypes="uihf",
       spellings="function out", stress=((1e2, 1e5),)),
    *(
        op(name, real("input", above=0, constant=True), beside("other", above=0), spellings=spellings,
           stress=((1e-6, 1e-5), (1e-3, 0.3), (0.3, 5.0), (10.0, 50.0)), note=_INPUT)
        for name, spellings in (("igamma", POINTWISE), ("igammac", POINTWISE),
                                ("special.gammainc", "function out"), ("special.gammaincc", "function out"))
    ),
    op("special.zeta", real("input", above=1, constant=True), operand("other", above=0), dtypes="buif",
       spellings="function out", critical=(1.0,), stress=((1.0001, 1.001), (10.0, 50.0)),
       note=f"{_NO_HALF}; {_INPUT}"),
]
