"""What torch answers at the edges, as tables that any engine can be scored by: promotion and refusals."""
