"""Public functions with torch's signatures, one file a family; importing the package fills the registry."""

from importlib import import_module

FAMILIES = """
    activation addition alignment arithmetic attention averaging bags binning channels choosing classification
    comparison complex contraction conversion convolution copies creation diagonal differences distance dropout
    elementary factorize fourier fractional generator grids heads index joining linalg loss lowrank margins masks
    matmul matrix_norms normalize norms order parting pooling random ranges ranking rearranging recurrent rectifiers
    reduce resampling rounding sampling scan scatter segments selection sets shape solve special spectrograms spectrum
    statistics unfolding values windows
"""

for family in FAMILIES.split():
    import_module(f"{__name__}.{family}")
import_module(f"{__name__}.batching")
