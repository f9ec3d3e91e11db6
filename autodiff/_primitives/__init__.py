"""Everything that has a derivative of its own, one file a family; importing the package fills the registry.

What is special about some under vmap, `batching`, is loaded by what begins a vmap.
"""

from importlib import import_module

FAMILIES = """
    activation alignment arithmetic attention averaging bessel binning choosing classification comparison complex
    convolution copies diagonal distance elementary factorize fourier index joining linalg logic loss margins masks
    matmul normalize norms order parting polynomials pooling random rectifiers reduce resampling rounding scan
    scatter selection sets shape solve special spectrum statistics unfolding
"""

for family in FAMILIES.split():
    import_module(f"{__name__}.{family}")
