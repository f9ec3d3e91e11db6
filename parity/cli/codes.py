"""Exit codes: pytest's where pytest has one."""

AGREE, MISMATCH, INTERRUPTED, BROKEN, USAGE, NOTHING = range(6)
