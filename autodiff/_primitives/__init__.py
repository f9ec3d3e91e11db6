"""Everything that has a derivative of its own, one file a family; importing the package fills the registry."""

from autodiff._primitives import (  # noqa: F401
    activation,
    binning,
    complex,
    index,
    loss,
    matmul,
    normalize,
    norms,
    order,
    pointwise,
    reduce,
    scan,
    sets,
    shape,
    special,
    statistics,
)
