"""What may fail a pull request: the committed baseline, the rules, and what machines read of them."""
