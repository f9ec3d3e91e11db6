"""The machine: tensors, primitives, the graph and its walk. Knows operators by name only in machine_ops."""
