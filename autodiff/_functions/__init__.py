"""Public functions with torch's signatures, one file a family; importing the package fills the registry."""

from autodiff._functions import (  # noqa: F401
    activation,
    conversion,
    creation,
    dropout,
    einsum,
    generator,
    indexing,
    joining,
    loss,
    masks,
    matmul,
    normalize,
    order,
    pointwise,
    random,
    reduce,
    sampling,
    scan,
    selection,
    shape,
)
