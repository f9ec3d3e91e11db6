"""Whole scripts in two engines: every draw, printed number, parameter and gradient compared while both run."""
