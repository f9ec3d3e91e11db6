"""Hypothesis' profiles for the suite; `HYPOTHESIS_PROFILE` names another one."""

import os

from hypothesis import settings

# Found failures are kept as programs in corpus/; Hypothesis' database would only make runs differ.
settings.register_profile("dev", database=None, deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))
