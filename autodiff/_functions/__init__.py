"""Public functions with torch's signatures, one file a family; importing the package fills the registry."""

from autodiff._functions import (  # noqa: F401
    activation,
    einsum,
    loss,
    matmul,
    normalize,
    pointwise,
    reduce,
    scan,
)
