"""Everything that has a derivative of its own, one file a family; importing the package fills the registry."""

from autodiff._primitives import (  # noqa: F401
    activation,
    complex,
    index,
    loss,
    matmul,
    normalize,
    order,
    pointwise,
    random,
    reduce,
    scan,
    shape,
    special,
)
