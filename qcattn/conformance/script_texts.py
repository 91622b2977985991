"""What scripts of alarms are put together from: how they draw, and what they compare."""

from __future__ import annotations

__all__ = [
    "BACKEND",
    "BACKEND_OF_TABLES",
    "ESTIMATOR",
    "HEAD",
    "METHOD",
    "METHOD_OF",
    "OWN",
    "OWN_SAVED",
    "SAMPLER",
    "SAMPLER_OF_TABLES",
    "SAVED",
    "SAVED_OF",
    "TAILS",
]

HEAD = '''"""{title}

What is right: {relation}.
A correct backend makes this exit with 1 less than once in a million runs.
"""

import sys

import numpy as np
from scipy import stats
{imports}


def circuit(n):
    """The n-th circuit of the job."""
{circuits}


SHOTS = {shots}
{more}

def draw(numbers, seed{options}):
    """{drawn}"""
{draw}

'''

#: The calls of a backend, one for each number of shots.
_CALLS = """    from qiskit import transpile
    backend = {factory}
    by_number = {{}}
    for call, shots in enumerate(dict.fromkeys(SHOTS[n] for n in numbers)):
        same = [n for n in numbers if SHOTS[n] == shots]
        options = {seeded}
{noise}        made = [transpile(circuit(n), backend, optimization_level=0) for n in same]
"""

BACKEND = (
    _CALLS
    + """        result = backend.run(made, shots=shots, {memory}**options).result()
        for place, n in enumerate(same):
            by_number[n] = [text.replace(" ", "") for text in {words}]
    return [by_number[n] for n in numbers]
"""
)

#: The calls of a backend with tables of values.
BACKEND_OF_TABLES = (
    _CALLS
    + """        options["parameter_binds"] = [
            {{p: [row[i] for row in VALUES[n]] for i, p in enumerate(one.parameters)}}
            for one, n in zip(made, same)
        ]
        result = backend.run(made, shots=shots, {memory}**options).result()
        rows = [n for n in same for _ in VALUES[n]]
        if len(result.results) != len(rows):
            print(f"{{len(result.results)}} results came for {{len(rows)}} rows of values")
            sys.exit(1)
        for place, n in enumerate(rows):
            run = [text.replace(" ", "") for text in {words}]
            by_number.setdefault(n, []).append(run)
    return [run for n in numbers for run in by_number[n]]
"""
)

#: The calls for circuits that end in `qcattn.backends.qiskit_backend.with_saved`.
SAVED = """    import qiskit_aer  # adds save_probabilities to QuantumCircuit
    from qiskit import transpile
    backend = {factory}
    made = [transpile(circuit(n), backend, optimization_level=0) for n in numbers]
    result = backend.run(made, shots=1{more}).result()
    if not result.success:
        raise RuntimeError("; ".join(str(one.status) for one in result.results) or result.status)
    return [np.asarray(one.data.probabilities) for one in result.results]
"""
SAVED_OF = "Saved probabilities of circuits that run as one job, by the numbers of their outcomes."

#: The call for one circuit, with the method that the backend says it used.
METHOD = """    from qiskit import transpile
    backend = {factory}
    (n,) = numbers
    made = transpile(circuit(n), backend, optimization_level=0)
    options["seed_simulator"] = seed
    result = backend.run(made, shots=SHOTS[n], memory=True, **options).result()
    if not result.success:
        raise RuntimeError(result.results[0].status)
    used = result.results[0].metadata.get("method", "not told")
    return used, [text.replace(" ", "") for text in result.get_memory(0)]
"""
METHOD_OF = "The method that was used, and bitstrings of every shot, bit 0 rightmost."

SAMPLER = """    sampler = {factory}
    result = sampler.run([(circuit(n), [], SHOTS[n]) for n in numbers]).result()
    out = []
    for n, one in zip(numbers, result):
        parts = [one.data[register.name].get_bitstrings() for register in circuit(n).cregs]
        out.append(["".join(bits[::-1]) for bits in zip(*parts)])
    return out
"""

SAMPLER_OF_TABLES = """    sampler = {factory}
    result = sampler.run([(circuit(n), VALUES[n], SHOTS[n]) for n in numbers]).result()
    out = []
    for n, one in zip(numbers, result):
        for row in range(len(VALUES[n])):
            data = [one.data[register.name][row] for register in circuit(n).cregs]
            parts = [bits.get_bitstrings() for bits in data]
            out.append(["".join(bits[::-1]) for bits in zip(*parts)])
    return out
"""

#: The simulator's own calls.
OWN = """{start}    out = []
    for place, n in enumerate(numbers):
        (made, read), shots = circuit(n), SHOTS[n]
{part}{run}
        seen = np.hstack([seen, np.zeros((len(seen), 1), dtype=int)])  # which no bit reads: -1
        out.append(["".join("01"[bit] for bit in row[read[::-1]]) for row in seen.astype(int)])
    return out
"""

OWN_SAVED = """{start}    out = []
    for n in numbers:
        made, read = circuit(n)
{saved}
        states, outcome = np.arange(len(p)), 0
        for bit, column in enumerate(read):
            outcome = outcome + ((states >> column & 1) << bit if column >= 0 else 0 * states)
        out.append(np.bincount(outcome, weights=p, minlength=2 ** len(read)))
    return out
"""

ESTIMATOR = """    from qiskit.quantum_info import SparsePauliOp
    estimator = {factory}
    pubs = [(circuit(n), SparsePauliOp(PAULIS[n])) for n in numbers]
    found = estimator.run(pubs, precision=SHOTS[0] ** -0.5).result()
    return [float(one.data.evs) for one in found]
"""

_RUNS = """SEEDS = {seeds}
runs = []
size = len(SHOTS) // len(SEEDS)
for call, seed in enumerate(SEEDS):
    runs += draw(range(call * size, (call + 1) * size), seed)
LAWS = {laws}

failed = len(runs) != len(LAWS)
print(f"{{len(runs)}} runs came, {{len(LAWS)}} were asked for")
"""

_LAWS = """WANTED = {wanted}
for n, (run, law) in enumerate(zip(runs, LAWS)):
    law, shots = {{k: v for k, v in law.items() if v > 0}}, len(run)
    seen = dict(zip(*np.unique(run, return_counts=True))) if shots else {{}}
    print(f"run {{n}}: {{shots}} shots of {{WANTED[n]}}")
    smallest = 0.0 if shots != WANTED[n] or set(seen) - set(law) else 1.0
    for outcome in sorted(set(law) | set(seen)):
        count, p = int(seen.get(outcome, 0)), law.get(outcome, 0.0)
        tail = stats.binomtest(count, shots, p).pvalue if 0 < p < 1 else float(count == shots * p)
        smallest = min(smallest, tail * len(law))
        print(f"  {{outcome}}  seen {{count:8d}}  right {{shots * p:10.1f}}  p-value {{tail:.1e}}")
    failed |= smallest < 1e-6 / len(runs)
sys.exit(1 if failed else 0)
"""

_INDEPENDENCE = """for a in range(len(runs)):
    for b in range(a + 1, len(runs)):
        one, other = np.array(runs[a]), np.array(runs[b])
        chance = sum(p * LAWS[b].get(outcome, 0.0) for outcome, p in LAWS[a].items())
        shifts = np.arange(-len(one) + 20, len(other) - 19)
        tails = []
        for shift in shifts:
            left, right = one[max(0, -shift):], other[max(0, shift):]
            length = min(len(left), len(right))
            equal = (left[:length] == right[:length]).sum()
            tails.append(stats.binom.sf(equal - 1, length, chance))
        best = int(np.argmin(tails))
        shift, p = int(shifts[best]), min(1.0, len(shifts) * tails[best])
        left, right = one[max(0, -shift):], other[max(0, shift):]
        length = min(len(left), len(right))
        equal = int((left[:length] == right[:length]).sum())
        print(f"runs {{a}} and {{b}}, shifted by {{shift}}: {{equal}} of {{length}} shots are "
              f"equal, {{length * chance:.1f}} would be by chance; p-value {{p:.1e}}")
        failed |= p < 1e-6
sys.exit(1 if failed else 0)
"""

_ORDER = """for run, law in zip(runs, LAWS):
    chance, shots = sum(p * p for p in law.values()), np.unique(run, return_inverse=True)[1]
    found = []
    for lag in range(1, len(shots) - 19):
        starts = np.arange(len(shots) - lag)
        for half in (0, 1):  # no shot is in two pairs
            one = starts[starts // lag % 2 == half]
            equal = int((shots[one] == shots[one + lag]).sum())
            more = stats.binom.sf(equal - 1, len(one), chance)
            fewer = stats.binom.cdf(equal, len(one), chance)
            found.append((min(more, fewer), lag, equal, len(one)))
    tail, lag, equal, pairs = min(found)
    p = min(1.0, 2 * len(found) * tail)
    print(f"{{equal}} of {{pairs}} pairs of shots, {{lag}} apart, are equal, "
          f"{{pairs * chance:.1f}} would be by chance; p-value {{p:.1e}}")
    failed |= p < 1e-6
sys.exit(1 if failed else 0)
"""

_SEEDS = """LAWS = {laws}
everything, half = range(len(SHOTS)), range(max(1, len(SHOTS) // 2))


def of_seed(numbers, seed):
    \"\"\"The shots, in an order that does not matter where the backend gives none.\"\"\"
    return [list(run) if {ordered} else sorted(run) for run in draw(numbers, seed)]


once, again, other = of_seed(everything, 1), of_seed(everything, 1), of_seed(everything, 2)
chance = 1.0  # that two seeds give the same, at most
for shots, law in zip(SHOTS, LAWS):
    if {ordered}:
        chance *= sum(p * p for p in law.values()) ** shots
    else:
        spread = shots * max(law.values()) * (1 - max(law.values()))
        chance *= min(1.0, 1.1 / np.sqrt(2 * np.pi * max(spread, 1e-9)))
wrong = {{
    "one seed gives two answers": once != again,
    "the first circuits depend on those after them": of_seed(half, 1) != once[: len(half)],
    "another seed gives the same shots": once == other and chance < 1e-6,
}}
for what, is_so in wrong.items():
    print(f"{{what}}: {{is_so}}; right is False")
sys.exit(1 if any(wrong.values()) else 0)
"""

_VALUES = """EXACT = {exact}
seen, right, shots = np.array(draw(range(len(SHOTS)), {seed})), np.array(EXACT), SHOTS[0]
variance = (1 - right**2) / shots
off = np.abs(seen - right)
far = len(off) * float((2 * np.exp(-(off**2) / (2 * (variance + 2 * off / (3 * shots))))).min())
for one, value in zip(seen, right):
    print(f"seen {{one:.6f}}, right {{value:.6f}}, scatter of shots {{variance.max() ** 0.5:.6f}}")
print(f"the farthest: p-value at most {{min(1.0, far):.1e}}")
spread = np.maximum(shots * variance * shots / 4, 1e-9)
steps = np.minimum(1.0, 1.1 / np.sqrt(2 * np.pi * spread))
same = bool(np.ptp(seen) < 1 / shots) and float(np.prod(steps[1:])) < 1e-6
print(f"all of them are the same: {{same}}; right is False")
sys.exit(1 if far < 1e-6 or same else 0)
"""

#: How far numbers are from a law, for two kinds of scripts.
_OFF = """

def off(saved, law):
    \"\"\"Total variation of saved probabilities from what is right; infinite without them.\"\"\"
    right = np.zeros(2 ** len(next(iter(law))))
    right[[int(outcome, 2) for outcome in law]] = list(law.values())
    if np.shape(saved) != np.shape(right):
        return np.inf
    return float(np.abs(np.asarray(saved) - right).sum()) / 2


"""

_PROBABILITIES = (
    """LAWS = {laws}
"""
    + _OFF
    + """found = draw(range(len(SHOTS)), {seed})
failed = len(found) != len(LAWS)
print(f"{{len(found)}} results came, {{len(LAWS)}} were asked for")
for n, (saved, law) in enumerate(zip(found, LAWS)):
    distance = off(saved, law)
    print(f"circuit {{n}}: total variation {{distance:.2e}} from what is right")
    for outcome, p in law.items():
        place = int(outcome, 2)
        told = f"{{saved[place]:.6f}}" if place < np.size(saved) else "nothing"
        print(f"  {{outcome}}  saved {{told}}  right {{p:.6f}}")
    failed |= not distance <= {rounding}
sys.exit(1 if failed else 0)
"""
)

_PRECISION = (
    """LAWS = {laws}
MOST = {{"single": 1e-5, "double": 1e-11}}
"""
    + _OFF
    + """found, failed = {{}}, False
for options in ASKED:
    (value,) = options.values()
    (found[value],) = draw([0], {seed}, **options)
    distance = off(found[value], LAWS[0])
    print(f"{{value}} precision: total variation {{distance:.2e}} from what is right, "
          f"which may be {{MOST[value]}}")
    failed |= not distance <= MOST[value]
exact = np.array(list(LAWS[0].values()))
if np.abs(exact.astype(np.float32) - exact).max() > MOST["double"]:
    same = np.array_equal(found["single"], found["double"])
    print(f"both precisions give the same bits: {{same}}; right is False")
    failed |= same
sys.exit(1 if failed else 0)
"""
)

_METHOD = (
    """runs, LAWS, failed = [], {laws} * len(ASKED), False
SHOTS *= len(ASKED)
for options in ASKED:
    used, run = draw([0], {seed}, **options)
    print(f"asked for the method {{options['method']}}, used {{used}}")
    failed |= used != options["method"]
    runs.append(run)
"""
    + _LAWS
)

#: The end of a script whose job ends the process that draws it: it is drawn in a child.
_DIED = """import signal
import subprocess

LIVES = "what was drawn is here"
if "--draw" in sys.argv:
    try:
        for options in {asked}:
            draw(range(len(SHOTS)), {seed}, **options)
    except (Exception, SystemExit) as error:
        print(f"{{type(error).__name__}}: {{error}}")
    print(LIVES)
    sys.exit(0)
child = subprocess.run([sys.executable, __file__, "--draw"], stdout=subprocess.PIPE, text=True)
print(child.stdout)
if LIVES in child.stdout.splitlines():
    print("the process that drew did not die, which is right")
    sys.exit(0)
code = child.returncode
by = signal.Signals(-code).name if code < 0 else f"exit code {{code}}"
print(f"the process that drew died: {{by}}; right is that it draws")
sys.exit(1)
"""

_RAISED = """try:
    for options in {asked}:
        draw(range(len(SHOTS)), {seed}, **options)
except (Exception, SystemExit) as error:
    print(f"{{type(error).__name__}}: {{error}}")
    sys.exit(1)
print("nothing was raised, which is right")
sys.exit(0)
"""

#: The ends of scripts by what a probe compares; see `qcattn.conformance.probe.Probe.shown_by`.
TAILS = {
    "laws": _RUNS + _LAWS,
    "independence": _RUNS + _INDEPENDENCE,
    "order": _RUNS + _ORDER,
    "seeds": _SEEDS,
    "values": _VALUES,
    "probabilities": _PROBABILITIES,
    "precision": _PRECISION,
    "method": _METHOD,
    "raised": _RAISED,
    "died": _DIED,
}
