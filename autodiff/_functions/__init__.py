"""Public functions with torch's signatures, one file a family; importing the package fills the registry."""

from importlib import import_module

FAMILIES = """
    activation arithmetic binning choosing classification contraction conversion creation diagonal differences
    factorize index joining linalg loss masks matmul normalize norms order random rectifiers reduce rounding scan
    scatter selection sets shape solve special spectrum statistics
"""

for family in FAMILIES.split():
    import_module(f"{__name__}.{family}")
