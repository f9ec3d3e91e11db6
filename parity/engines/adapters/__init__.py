"""Adapters of released engines, one module each; what it is called without the package's name is its target."""
