"""What holds for all tests."""

import os

# Set before NumPy is loaded. Matrices are small here: threads that wait for each other cost six
# times what they bring, and more where several processes test at once.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A program whose files import each other by name, as `python tests/benchmarks/statistics` runs it.
collect_ignore = ["benchmarks/statistics"]
