"""Qsim gives the shots of a run in the order of their outcomes, and not as they were drawn.

What is right: the shots of a coin change in about half of the places between two of them.
A correct simulator makes this exit with 1 less than once in a million runs.
"""

import sys

import cirq
import qsimcirq
from scipy import stats

qubit = cirq.LineQubit(0)
circuit = cirq.Circuit(cirq.H(qubit), cirq.measure(qubit, key="m"))
shots = qsimcirq.QSimSimulator(seed=1).run(circuit, repetitions=4000).measurements["m"][:, 0]
changes = int((shots[1:] != shots[:-1]).sum())
p = stats.binomtest(changes, 3999, 0.5).pvalue
print(f"{changes} changes in 4000 shots, 2000 would be by chance, p = {p:.1e}")
sys.exit(int(p < 1e-6))
