"""What torch does at the points where engines usually part: short programs, each with one question; and their page."""
