"""Everything that has a derivative of its own, one file a family; importing the package fills the registry."""

from autodiff._primitives import (  # noqa: F401
    activation,
    arithmetic,
    bessel,
    choosing,
    comparison,
    complex,
    elementary,
    index,
    logic,
    loss,
    matmul,
    normalize,
    order,
    polynomials,
    reduce,
    rounding,
    scan,
    shape,
    special,
)
