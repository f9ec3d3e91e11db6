"""Arrays in, arrays out: NumPy and SciPy behind one door each. Knows no tensor and no graph."""
