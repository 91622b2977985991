"""Claims of the documents as experiments: one file a claim, each of which gives a finding."""

from qcattn.claims.frame.running import all_claims, run_claims
from qcattn.walking import exports

__all__ = ["all_claims", "run_claims"]

__getattr__, _claims = exports("claims")


def __dir__() -> list[str]:
    """What tab completion shows: the functions, and the claims by the names of their classes."""
    return [*__all__, *_claims()]
