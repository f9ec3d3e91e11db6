"""Speed of two states of an engine against each other, in one job on one machine; knows no other machine's numbers."""
