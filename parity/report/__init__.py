"""Printers: one record of a failure or a run, and what people and machines read of it."""
