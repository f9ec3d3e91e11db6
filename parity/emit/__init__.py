"""Programs as code to keep: a torch script, a pytest test."""
