"""Errors in ulp against certified truth: per operator and dtype, of values and gradients, of two engines."""
