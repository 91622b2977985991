"""The claims of the first document as found: their table, and each in words.

    python tests/benchmarks/claims.py  # --write: into qcattn/claims/RESULTS.md

The same as ``qcattn claims --document born --markdown``. The second document's: symmetry.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import results

from qcattn.claims import all_claims, run_claims
from qcattn.claims.frame.running import folder_of
from qcattn.views.findings.markdown import markdown


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the claims and print; 2 if one of them is undecided."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "names", nargs="*", metavar="CLAIM", help="those of the first document if none"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args(arguments)
    names = given.names or [one.name for one in all_claims() if folder_of(one) == "born"]
    findings = run_claims(names, seed=given.seed, workers=given.workers)
    shots = sum(finding.shots for finding in findings)
    print(f"{len(findings)} claims, {shots:,} shots, seed {given.seed}.\n")
    print(markdown(findings))
    return 2 if any(finding.standing == "undecided" for finding in findings) else 0


if __name__ == "__main__":
    sys.exit(results.run("claims.py", main, path=results.CLAIMS))
