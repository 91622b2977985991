"""Measurement and reset in mid-circuit, conditions, loops, and where the bits are written.

Every circuit is a text with ``{}`` where an angle is drawn. Angles keep away from those at which a
wrong branch, a stale bit or a lost phase could not be seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import dedent

from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.classical import expr

from qcattn.conformance.recipe import Recipe, generator, parameter, rounded

__all__ = ["recipes"]

_HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'

#: Name: (words, what happens, program).
_TEXTS: dict[str, tuple[str, str, str]] = {
    "measured-twice": (
        "mid-circuit measurement",
        "A qubit is measured, turned and measured again.",
        """
        qubit[1] q; bit[2] c;
        ry({}) q[0];
        c[0] = measure q[0];
        rx({}) q[0];
        c[1] = measure q[0];
        """,
    ),
    "measured-again-the-same": (
        "mid-circuit measurement",
        "A qubit that is measured three times says the same three times.",
        """
        qubit[1] q; bit[3] c;
        ry({}) q[0];
        c[0] = measure q[0];
        c[1] = measure q[0];
        c[2] = measure q[0];
        """,
    ),
    "no-interference": (
        "mid-circuit measurement, complex phase",
        "A measurement between two turns destroys what would interfere; its partner sees it too.",
        """
        qubit[2] q; bit[3] c;
        rx({}) q[0];
        rz({}) q[0];
        cx q[0], q[1];
        rx({}) q[1];
        c[0] = measure q[0];
        rx({}) q[0];
        c[1] = measure q[0];
        c[2] = measure q[1];
        """,
    ),
    "reset-of-one-of-a-pair": (
        "reset",
        "One qubit of an entangled pair is reset, which leaves the other mixed; both go on.",
        """
        qubit[2] q; bit[2] c;
        ry({}) q[0];
        cx q[0], q[1];
        ry({}) q[1];
        reset q[0];
        ry({}) q[0];
        cx q[0], q[1];
        rx({}) q[1];
        c[0] = measure q[0];
        c[1] = measure q[1];
        """,
    ),
    "reset-at-the-start": (
        "reset",
        "A reset before anything else changes nothing.",
        """
        qubit[2] q; bit[2] c;
        reset q[0];
        reset q[1];
        rx({}) q[0];
        cx q[0], q[1];
        ry({}) q[1];
        c[0] = measure q[0];
        c[1] = measure q[1];
        """,
    ),
    "reset-twice": (
        "reset",
        "Resets that follow each other, with a turn between and without.",
        """
        qubit[2] q; bit[2] c;
        h q[0];
        cx q[0], q[1];
        reset q[0];
        reset q[0];
        ry({}) q[0];
        reset q[0];
        rx({}) q[0];
        ry({}) q[1];
        c[0] = measure q[0];
        c[1] = measure q[1];
        """,
    ),
    "reset-after-measurement": (
        "reset, mid-circuit measurement, qubit reuse",
        "A qubit is measured, reset and used for something else; its first bit must stay.",
        """
        qubit[2] q; bit[3] c;
        ry({}) q[0];
        cx q[0], q[1];
        c[0] = measure q[0];
        reset q[0];
        ry({}) q[0];
        c[1] = measure q[0];
        ry({}) q[1];
        c[2] = measure q[1];
        """,
    ),
    "if": (
        "conditional",
        "A gate on one qubit if the other read one.",
        """
        qubit[2] q; bit[2] c;
        ry({}) q[0];
        ry({}) q[1];
        c[0] = measure q[0];
        if (c[0]) {{ rx({}) q[1]; }}
        c[1] = measure q[1];
        """,
    ),
    "if-not": (
        "conditional",
        "A gate on one qubit if the other read zero.",
        """
        qubit[2] q; bit[2] c;
        ry({}) q[0];
        ry({}) q[1];
        c[0] = measure q[0];
        if (!c[0]) {{ ry({}) q[1]; }}
        c[1] = measure q[1];
        """,
    ),
    "if-else": (
        "conditional",
        "One of two gates, by what another qubit read.",
        """
        qubit[2] q; bit[2] c;
        rx({}) q[0];
        rx({}) q[1];
        c[0] = measure q[0];
        if (c[0]) {{ ry({}) q[1]; }} else {{ rx({}) q[1]; rz({}) q[1]; ry({}) q[1]; }}
        c[1] = measure q[1];
        """,
    ),
    "if-register": (
        "conditional, several registers",
        "Gates if a register of two bits reads two, and if it reads one: their order matters.",
        """
        qubit[3] q; bit[2] c; bit[1] d;
        ry({}) q[0];
        ry({}) q[1];
        c[0] = measure q[0];
        c[1] = measure q[1];
        ry({}) q[2];
        if (c == 2) {{ ry({}) q[2]; }}
        if (c == 1) {{ ry({}) q[2]; }}
        d[0] = measure q[2];
        """,
    ),
    "if-on-own-qubit": (
        "conditional, mid-circuit measurement",
        "The qubit that was measured is turned by what it read.",
        """
        qubit[1] q; bit[2] c;
        ry({}) q[0];
        c[0] = measure q[0];
        if (c[0]) {{ ry({}) q[0]; }} else {{ ry({}) q[0]; }}
        c[1] = measure q[0];
        """,
    ),
    "if-measures": (
        "conditional, mid-circuit measurement",
        "A measurement that takes place in one branch only; else its bit stays zero.",
        """
        qubit[2] q; bit[2] c; bit[1] d;
        ry({}) q[0];
        cx q[0], q[1];
        ry({}) q[1];
        c[0] = measure q[0];
        if (c[0]) {{ d[0] = measure q[1]; }} else {{ ry({}) q[1]; }}
        rx({}) q[1];
        c[1] = measure q[1];
        """,
    ),
    "if-resets": (
        "conditional, reset",
        "A reset that takes place in one branch only.",
        """
        qubit[2] q; bit[2] c;
        ry({}) q[0];
        ry({}) q[1];
        c[0] = measure q[0];
        if (c[0]) {{ reset q[1]; }}
        ry({}) q[1];
        c[1] = measure q[1];
        """,
    ),
    "if-in-if": (
        "conditional",
        "Conditions within conditions, on two bits and on the bit of another register.",
        """
        qubit[4] q; bit[2] a; bit[1] b; bit[1] c;
        ry({}) q[0];
        ry({}) q[1];
        ry({}) q[2];
        a[0] = measure q[0];
        a[1] = measure q[1];
        b[0] = measure q[2];
        ry({}) q[3];
        if (a[1]) {{
          if (b[0]) {{ ry({}) q[3]; }} else {{ if (a[0]) {{ rx({}) q[3]; }} }}
        }} else {{
          if (a == 1) {{ ry({}) q[3]; }}
        }}
        c[0] = measure q[3];
        """,
    ),
    "controlled-gate-in-if": (
        "conditional, controlled, complex phase",
        "Entangling gates under a condition, between qubits that go on to interfere.",
        """
        qubit[3] q; bit[3] c;
        ry({}) q[0];
        rx({}) q[1];
        rx({}) q[2];
        c[0] = measure q[0];
        if (c[0]) {{ crz({}) q[1], q[2]; }} else {{ cry({}) q[2], q[1]; }}
        rx({}) q[1];
        ry({}) q[2];
        c[1] = measure q[1];
        c[2] = measure q[2];
        """,
    ),
    "condition-before-and-after": (
        "conditional, overwritten bit",
        "A bit decides, is overwritten, and decides again.",
        """
        qubit[3] q; bit[1] c; bit[2] d;
        ry({}) q[0];
        ry({}) q[1];
        c[0] = measure q[0];
        if (c[0]) {{ ry({}) q[1]; }}
        c[0] = measure q[1];
        if (c[0]) {{ rx({}) q[2]; }} else {{ rx({}) q[2]; }}
        d[0] = measure q[0];
        d[1] = measure q[2];
        """,
    ),
    "delayed-use": (
        "conditional, delayed use",
        "A bit is read long after it was written, when its qubit has been used for other things.",
        """
        qubit[3] q; bit[4] c;
        ry({}) q[0];
        c[0] = measure q[0];
        ry({}) q[0];
        cx q[0], q[1];
        rx({}) q[1];
        c[1] = measure q[0];
        cx q[1], q[2];
        ry({}) q[2];
        c[2] = measure q[1];
        h q[0];
        if (c[0]) {{ ry({}) q[2]; }}
        c[3] = measure q[2];
        """,
    ),
    "teleportation": (
        "conditional, mid-circuit measurement, complex phase",
        "A state is teleported and measured after a turn, with corrections by two bits.",
        """
        qubit[3] q; bit[1] a; bit[1] b; bit[1] out;
        rx({}) q[0];
        rz({}) q[0];
        h q[1];
        cx q[1], q[2];
        cx q[0], q[1];
        h q[0];
        a[0] = measure q[0];
        b[0] = measure q[1];
        if (b[0]) {{ x q[2]; }}
        if (a[0]) {{ z q[2]; }}
        rx({}) q[2];
        out[0] = measure q[2];
        """,
    ),
    "phase-estimation": (
        "conditional, reset, qubit reuse, complex phase",
        "Three bits of a phase by one qubit that is used again, corrected by the bits before.",
        """
        qubit[2] q; bit[3] c;
        x q[1];
        h q[0];
        cp(4.6) q[0], q[1];
        h q[0];
        c[0] = measure q[0];
        reset q[0];
        h q[0];
        cp(2.3) q[0], q[1];
        if (c[0]) {{ p(-pi/2) q[0]; }}
        h q[0];
        c[1] = measure q[0];
        reset q[0];
        h q[0];
        cp(1.15) q[0], q[1];
        if (c == 1) {{ p(-pi/4) q[0]; }}
        if (c == 2) {{ p(-pi/2) q[0]; }}
        if (c == 3) {{ p(-3*pi/4) q[0]; }}
        h q[0];
        c[2] = measure q[0];
        """,
    ),
    "chain-of-two-qubits": (
        "reset, qubit reuse, mid-circuit measurement",
        "Six correlated bits by two qubits, one of which is measured and reset in turn.",
        """
        qubit[2] q; bit[6] c;
        ry({}) q[0];
        cry({}) q[0], q[1];
        c[0] = measure q[1];
        reset q[1];
        rx({}) q[0];
        cry({}) q[0], q[1];
        c[1] = measure q[1];
        reset q[1];
        rx({}) q[0];
        cry({}) q[0], q[1];
        c[2] = measure q[1];
        reset q[1];
        rx({}) q[0];
        cry({}) q[0], q[1];
        c[3] = measure q[1];
        reset q[1];
        rx({}) q[0];
        cry({}) q[0], q[1];
        c[4] = measure q[1];
        c[5] = measure q[0];
        """,
    ),
    "overwritten-bit": (
        "overwritten bit",
        "Two qubits are measured into one bit: the second one stays.",
        """
        qubit[2] q; bit[2] c;
        ry({}) q[0];
        ry({}) q[1];
        c[0] = measure q[0];
        c[0] = measure q[1];
        c[1] = measure q[0];
        """,
    ),
    "overwritten-by-the-first": (
        "overwritten bit",
        "The same with the qubits the other way round, entangled.",
        """
        qubit[3] q; bit[2] c;
        ry({}) q[0];
        cx q[0], q[1];
        ry({}) q[1];
        ry({}) q[2];
        c[1] = measure q[2];
        c[1] = measure q[0];
        c[0] = measure q[2];
        c[0] = measure q[1];
        """,
    ),
    "bit-reused-in-turn": (
        "overwritten bit, mid-circuit measurement",
        "One bit is written four times; its value at the end is the last.",
        """
        qubit[1] q; bit[1] c;
        ry(1.9) q[0];
        c[0] = measure q[0];
        ry(0.6) q[0];
        c[0] = measure q[0];
        ry(0.5) q[0];
        c[0] = measure q[0];
        ry(0.7) q[0];
        c[0] = measure q[0];
        """,
    ),
    "bits-never-written": (
        "several registers",
        "Bits that nothing writes stay zero, at the ends and in the middle.",
        """
        qubit[2] q; bit[3] a; bit[2] b; bit[3] c;
        ry({}) q[0];
        cx q[0], q[1];
        rx({}) q[1];
        a[1] = measure q[0];
        c[1] = measure q[1];
        """,
    ),
    "several-registers": (
        "several registers, permuted measurement",
        "Five qubits into three registers, crosswise.",
        """
        qubit[2] r; qubit[3] q; bit[1] a; bit[3] b; bit[1] c;
        ry({}) r[0];
        ry({}) r[1];
        cx r[0], q[1];
        ry({}) q[0];
        ry({}) q[1];
        cx q[0], q[2];
        ry({}) q[2];
        b[2] = measure r[0];
        c[0] = measure q[1];
        b[0] = measure q[2];
        a[0] = measure q[0];
        b[1] = measure r[1];
        """,
    ),
    "permuted-measurement": (
        "permuted measurement",
        "Five qubits of different bias into five bits in another order.",
        """
        qubit[5] q; bit[5] c;
        ry(0.4) q[0];
        ry(0.9) q[1];
        ry(1.3) q[2];
        ry(1.9) q[3];
        ry(2.5) q[4];
        c[3] = measure q[0];
        c[0] = measure q[1];
        c[4] = measure q[2];
        c[1] = measure q[3];
        c[2] = measure q[4];
        """,
    ),
    "measured-in-another-order": (
        "permuted measurement",
        "Bits are written from the last to the first, some qubits not at all.",
        """
        qubit[5] q; bit[3] c;
        rx({}) q[4];
        cx q[4], q[1];
        ry({}) q[1];
        cx q[1], q[3];
        ry({}) q[3];
        c[2] = measure q[3];
        c[1] = measure q[4];
        c[0] = measure q[1];
        """,
    ),
    "idle-qubits": (
        "idle qubits",
        "Qubits that nothing touches, measured and not.",
        """
        qubit[6] q; bit[4] c;
        ry({}) q[1];
        cx q[1], q[4];
        rx({}) q[4];
        c[0] = measure q[0];
        c[1] = measure q[1];
        c[2] = measure q[4];
        c[3] = measure q[5];
        """,
    ),
    "qubit-goes-on-after-measurement": (
        "mid-circuit measurement",
        "A measured qubit entangles others afterwards.",
        """
        qubit[3] q; bit[3] c;
        ry({}) q[0];
        c[0] = measure q[0];
        cx q[0], q[1];
        ry({}) q[1];
        cx q[1], q[2];
        rx({}) q[2];
        c[1] = measure q[1];
        c[2] = measure q[2];
        """,
    ),
    "for": (
        "loop",
        "Four rounds of a turn, with a measurement into one bit in each.",
        """
        qubit[2] q; bit[2] c;
        for int i in [0:3] {{ ry({}) q[0]; cry({}) q[0], q[1]; c[0] = measure q[0]; }}
        c[1] = measure q[1];
        """,
    ),
    "for-without-measurement": (
        "loop, complex phase",
        "Three rounds that interfere: two would give another law.",
        """
        qubit[2] q; bit[2] c;
        for int i in {{1, 5, 7}} {{ rx({}) q[0]; cx q[0], q[1]; rz({}) q[1]; ry({}) q[1]; }}
        c[0] = measure q[0];
        c[1] = measure q[1];
        """,
    ),
    "for-break": (
        "loop, conditional",
        "Rounds that end when a qubit reads one; another qubit is turned in each.",
        """
        qubit[2] q; bit[2] c;
        for int i in [0:5] {{
          ry(1.2) q[0];
          c[0] = measure q[0];
          if (c[0]) {{ break; }}
          ry({}) q[1];
        }}
        c[1] = measure q[1];
        """,
    ),
    "for-continue": (
        "loop, conditional",
        "Rounds whose second half is passed over when a qubit reads one.",
        """
        qubit[2] q; bit[2] c;
        for int i in [0:2] {{
          ry(1.3) q[0];
          c[0] = measure q[0];
          if (c[0]) {{ continue; }}
          ry({}) q[1];
        }}
        c[1] = measure q[1];
        """,
    ),
    "while": (
        "loop",
        "Repeat until a qubit reads zero; another qubit counts the rounds by turns.",
        """
        qubit[2] q; bit[1] c; bit[1] d;
        ry(2.1) q[0];
        c[0] = measure q[0];
        while (c[0]) {{
          ry(0.8) q[1];
          h q[0];
          c[0] = measure q[0];
        }}
        d[0] = measure q[1];
        """,
    ),
    "while-register": (
        "loop, several registers",
        "Repeat while a register of two bits reads three, both drawn afresh.",
        """
        qubit[3] q; bit[2] c; bit[1] d;
        x q[0];
        x q[1];
        c[0] = measure q[0];
        c[1] = measure q[1];
        while (c == 3) {{
          ry(1.7) q[0];
          ry(1.1) q[1];
          c[0] = measure q[0];
          c[1] = measure q[1];
          rx({}) q[2];
        }}
        d[0] = measure q[2];
        """,
    ),
    "while-never": (
        "loop, delayed use",
        "A loop whose condition never holds; what stands in it must not act.",
        """
        qubit[2] q; bit[2] c;
        c[1] = measure q[1];
        ry({}) q[0];
        while (c[1]) {{ x q[0]; c[1] = measure q[1]; }}
        rx({}) q[0];
        c[0] = measure q[0];
        """,
    ),
    "loop-in-loop": (
        "loop",
        "A loop of two within a loop of two, with a reset.",
        """
        qubit[2] q; bit[2] c;
        for int i in [0:1] {{
          ry({}) q[0];
          for int j in [0:1] {{ cry({}) q[0], q[1]; rx({}) q[0]; }}
          reset q[0];
        }}
        ry({}) q[0];
        cx q[1], q[0];
        c[0] = measure q[0];
        c[1] = measure q[1];
        """,
    ),
    "inert-condition": (
        "conditional",
        "A condition on a bit that nobody writes, beside a circuit that must not feel it.",
        """
        qubit[3] q; bit[3] c; bit[1] never;
        ry({}) q[0];
        cx q[0], q[1];
        rx({}) q[1];
        if (never[0]) {{ x q[0]; }}
        cx q[1], q[2];
        ry({}) q[2];
        c[0] = measure q[0];
        c[1] = measure q[1];
        c[2] = measure q[2];
        """,
    ),
    "ghz-measured-one-by-one": (
        "mid-circuit measurement, conditional",
        "Each measurement of an entangled state of four decides how the next qubit is turned.",
        """
        qubit[4] q; bit[4] c;
        ry({}) q[0];
        cx q[0], q[1];
        cx q[1], q[2];
        cx q[2], q[3];
        rx({}) q[3];
        c[3] = measure q[3];
        if (c[3]) {{ ry({}) q[2]; }}
        c[2] = measure q[2];
        if (c[2]) {{ ry({}) q[1]; }}
        c[1] = measure q[1];
        if (c[1]) {{ ry({}) q[0]; }}
        c[0] = measure q[0];
        """,
    ),
}


def recipes() -> Iterator[Recipe]:
    """Each of the texts, and circuits that cannot be read from OpenQASM 3 yet."""
    for file, (words, about, text) in _TEXTS.items():
        name = f"control/{file}"
        body = dedent(text).strip().replace("; bit", ";\nbit").replace("; qubit", ";\nqubit")
        draws = generator(name).uniform(0.6, 2.4, body.count("{}"))
        content = _HEAD + body.format(*rounded(draws)) + "\n"
        yield Recipe(name=name, content=content, exercises=words.split(", "), about=about)
    yield _switch()
    yield _switch_default()
    yield _expression()
    yield _comparison()
    yield _loop_angle()


def _start(name: str, *sizes: int) -> QuantumCircuit:
    """A circuit with as many qubits as bits and a register ``a``, ``b``... of each size."""
    registers = [ClassicalRegister(size, "abcd"[k]) for k, size in enumerate(sizes)]
    return QuantumCircuit(QuantumRegister(sum(sizes), "q"), *registers, name=name)


def _switch() -> Recipe:
    circuit = _start("control/switch", 2, 1)
    draws = rounded(generator(circuit.name).uniform(0.6, 2.4, 6))
    circuit.ry(draws[0], 0)
    circuit.ry(draws[1], 1)
    circuit.measure([0, 1], [0, 1])
    circuit.ry(draws[2], 2)
    with circuit.switch(circuit.cregs[0]) as case:
        with case(1):
            circuit.ry(draws[3], 2)
        with case(0, 3):
            circuit.rx(draws[4], 2)
    circuit.measure(2, 2)
    about = "A register of two bits chooses: a gate for one, another for zero and three."
    return Recipe(
        name=circuit.name, content=circuit, exercises=["conditional", "switch"], about=about
    )


def _switch_default() -> Recipe:
    circuit = _start("control/switch-default", 2, 1)
    draws = rounded(generator(circuit.name).uniform(0.6, 2.4, 6))
    circuit.ry(draws[0], 0)
    circuit.cry(draws[1], 0, 1)
    circuit.measure([0, 1], [0, 1])
    with circuit.switch(circuit.cregs[0]) as case:
        with case(2):
            circuit.ry(draws[3], 2)
        with case(case.DEFAULT):
            circuit.rx(draws[4], 2)
            circuit.measure(2, 2)
            circuit.ry(draws[5], 2)
    circuit.measure(2, 2)
    about = "A register of two bits chooses: a gate for two, else others with a measurement."
    return Recipe(
        name=circuit.name, content=circuit, exercises=["conditional", "switch"], about=about
    )


def _expression() -> Recipe:
    circuit = _start("control/expression", 3, 1)
    draws = rounded(generator(circuit.name).uniform(0.6, 2.4, 6))
    for qubit in range(3):
        circuit.ry(draws[qubit], qubit)
    circuit.measure([0, 1, 2], [0, 1, 2])
    bits = circuit.cregs[0]
    with circuit.if_test(expr.logic_and(expr.logic_not(bits[0]), expr.bit_or(bits[1], bits[2]))):
        circuit.ry(draws[3], 3)
    with circuit.if_test(expr.bit_xor(bits[1], bits[2])):
        circuit.rx(draws[4], 3)
    circuit.measure(3, 3)
    about = "Conditions of several bits: not, and, or, exclusive or."
    return Recipe(
        name=circuit.name, content=circuit, exercises=["conditional", "expression"], about=about
    )


def _comparison() -> Recipe:
    circuit = _start("control/comparison", 2, 2, 1)
    draws = rounded(generator(circuit.name).uniform(0.6, 2.4, 6))
    for qubit in range(4):
        circuit.ry(draws[qubit], qubit)
    circuit.measure([0, 1, 2, 3], [0, 1, 2, 3])
    low, high, _ = circuit.cregs
    with circuit.if_test(expr.less(low, high)) as otherwise:
        circuit.ry(draws[4], 4)
    with otherwise, circuit.if_test(expr.equal(expr.bit_and(low, high), 2)):
        circuit.ry(draws[5], 4)
    circuit.measure(4, 4)
    about = "Two registers are compared, and masked by each other."
    return Recipe(
        name=circuit.name, content=circuit, exercises=["conditional", "expression"], about=about
    )


def _loop_angle() -> Recipe:
    circuit = _start("control/for-angle", 1, 1)
    angle = parameter("angle")
    with circuit.for_loop((1, 3, -2), angle):
        circuit.rx(0.3 * angle, 0)
        circuit.crz(0.5 * angle, 0, 1)
        circuit.ry(0.7, 1)
    circuit.measure([0, 1], [0, 1])
    about = "The variable of a loop is an angle in it."
    return Recipe(
        name=circuit.name, content=circuit, exercises=["loop", "complex phase"], about=about
    )
