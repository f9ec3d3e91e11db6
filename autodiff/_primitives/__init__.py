"""Everything that has a derivative of its own, one file a family; importing the package fills the registry."""

from autodiff._primitives import (  # noqa: F401
    activation,
    arithmetic,
    choosing,
    comparison,
    complex,
    elementary,
    index,
    logic,
    loss,
    masks,
    matmul,
    normalize,
    order,
    reduce,
    rounding,
    scan,
    scatter,
    selection,
    shape,
    special,
)
