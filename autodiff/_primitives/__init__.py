"""Everything that has a derivative of its own, one file a family; importing the package fills the registry."""

from autodiff._primitives import complex, index, matmul, pointwise, reduce, scan, shape, special  # noqa: F401
