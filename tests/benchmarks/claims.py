"""The claims as found: the table of all, and what was found of each in words.

    python tests/benchmarks/claims.py  # --write: into qcattn/claims/RESULTS.md

The same as ``qcattn claims --markdown``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import results

from qcattn import run_claims
from qcattn.views.findings.markdown import markdown


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the claims and print; 2 if one of them is undecided."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="CLAIM", help="all if none is named")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args(arguments)
    findings = run_claims(given.names or None, seed=given.seed, workers=given.workers)
    shots = sum(finding.shots for finding in findings)
    print(f"{len(findings)} claims, {shots:,} shots, seed {given.seed}.\n")
    print(markdown(findings))
    return 2 if any(finding.standing == "undecided" for finding in findings) else 0


if __name__ == "__main__":
    sys.exit(results.run("claims.py", main, path=results.CLAIMS))
