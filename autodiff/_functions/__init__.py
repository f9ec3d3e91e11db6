"""Public functions with torch's signatures, one file a family; importing the package fills the registry."""

from autodiff._functions import (  # noqa: F401
    conversion,
    creation,
    indexing,
    joining,
    masks,
    matmul,
    order,
    pointwise,
    random,
    reduce,
    scan,
    selection,
    shape,
)
