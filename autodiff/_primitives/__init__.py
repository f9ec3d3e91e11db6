"""Everything that has a derivative of its own, one file a family; importing the package fills the registry."""

from autodiff._primitives import complex, index, pointwise, reduce, shape  # noqa: F401
