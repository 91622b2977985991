"""Claims of the documents as experiments: one file a claim, each of which gives a finding."""

from qcattn.claims.pure_states import PureStates
from qcattn.claims.running import all_claims, run_claims

# In the order of the claims.
__all__ = [
    "PureStates",
    "all_claims",
    "run_claims",
]
