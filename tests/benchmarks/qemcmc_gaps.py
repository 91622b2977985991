"""Gaps as the package qemcmc computes them; run by `spectral_gaps.py` in an environment of its own.

Reads glasses as JSON, and prints a line of JSON: for each glass the gaps of its quantum proposal
with the problem weighted by 1 - gamma, of the same as `SpectralGap` weights it (by 1), of its local
and of its uniform proposal, at T = 1.
"""

import json
import sys
from importlib.metadata import version

import dimod
from qemcmc import ClassicalProposal, EnergyModel, QeProposal, SpectralGap


def gaps(glass, gamma, time):
    fields, couplings = glass["h"], glass["J"]
    n = len(fields)
    model = EnergyModel(
        n=n,
        couplings=[
            dimod.BinaryPolynomial({(i,): fields[i] for i in range(n)}, dimod.SPIN),
            dimod.BinaryPolynomial(
                {(i, j): couplings[i][j] for i in range(n) for j in range(i + 1, n)}, dimod.SPIN
            ),
        ],
        cost_function_signs=[-1, -1],
        model_type="ising",
    )
    model.S = [f"{state:0{n}b}" for state in range(2**n)]
    proposals = [
        QeProposal(model, gamma, time, coupling_weights=[1 - gamma, 1 - gamma]),
        QeProposal(model, gamma, time),
        ClassicalProposal(model, "local"),
        ClassicalProposal(model, "uniform"),
    ]
    return [float(SpectralGap(one, model, temp=1.0).find_spectral_gap()) for one in proposals]


asked = json.load(sys.stdin)
found = [gaps(glass, asked["gamma"], asked["time"]) for glass in asked["glasses"]]
print(json.dumps({"version": version("qemcmc"), "gaps": found}))
