"""Public functions with torch's signatures, one file a family; importing the package fills the registry."""

from autodiff._functions import (  # noqa: F401
    activation,
    arithmetic,
    choosing,
    conversion,
    creation,
    einsum,
    indexing,
    joining,
    loss,
    masks,
    matmul,
    normalize,
    order,
    random,
    reduce,
    rounding,
    scan,
    selection,
    shape,
    special,
)
