"""The claims of the second document as found: their table, and each in words.

    python tests/benchmarks/symmetry.py  # --write: into qcattn/claims/RESULTS.md

The same as ``qcattn claims --document symmetry --markdown``, with the extra `qec` installed.
"""

import sys

import claims
import results

from qcattn.claims import all_claims
from qcattn.claims.frame.running import folder_of


def main(arguments: list[str] | None = None) -> int:
    """Run those claims and print; 2 if one of them is undecided."""
    names = [claim.name for claim in all_claims() if folder_of(claim) == "symmetry"]
    return claims.main([*names, *(arguments or [])])


if __name__ == "__main__":
    sys.exit(results.run("symmetry.py", main, path=results.CLAIMS))
