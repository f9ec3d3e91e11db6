"""Everything that has a derivative of its own, one file a family; importing the package fills the registry."""

from autodiff._primitives import (  # noqa: F401
    activation,
    complex,
    factorize,
    index,
    linalg,
    loss,
    matmul,
    normalize,
    order,
    pointwise,
    reduce,
    scan,
    shape,
    solve,
    special,
    spectrum,
)
