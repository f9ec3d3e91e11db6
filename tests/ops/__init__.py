"""Operators, where the catalogue is silent: second orders, accuracy, errors, nodes."""
