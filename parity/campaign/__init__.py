"""A search of hours, on many processes or machines, that may be cut off at any moment; knows no operator."""
