"""Public functions with torch's signatures, one file a family; importing the package fills the registry."""

from autodiff._functions import conversion, creation, indexing, matmul, pointwise, reduce, scan, shape  # noqa: F401
