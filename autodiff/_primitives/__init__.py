"""Everything that has a derivative of its own, one file a family; importing the package fills the registry."""

from importlib import import_module

FAMILIES = """
    activation arithmetic averaging bessel binning choosing classification comparison complex convolution diagonal
    distance elementary factorize index joining linalg logic loss masks matmul normalize norms order parting
    polynomials pooling random rectifiers reduce rounding scan scatter selection sets shape solve special spectrum
    statistics
"""

for family in FAMILIES.split():
    import_module(f"{__name__}.{family}")
import_module(f"{__name__}.batching")
