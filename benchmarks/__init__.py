"""Speed against torch's eager mode, in one run, as ratios: `python -m benchmarks`."""
