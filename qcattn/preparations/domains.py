"""Domains: the qubits on which an imaginary-time step of some terms is made a rotation."""

from typing import NamedTuple

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qcattn.errors import TooLarge
from qcattn.preparations.pauli_strings import count_y, numbered
from qcattn.records import check_bytes

__all__ = ["Domain", "domains_of"]


class Domain(NamedTuple):
    """The qubits of a domain and the terms that share it.

    Attributes:
        qubits: The q qubits of the domain; qubits[j] bears letter j.
        terms: Shape (terms,): numbers of their Pauli strings on these qubits.
        weights: Shape (terms,), units of energy.
        real: Whether the whole operator is real, and with it all states that it evolves.
        rank: Strings that can act on a state of all qubits in independent ways, at most.
    """

    qubits: list[int]
    terms: np.ndarray
    weights: np.ndarray
    real: bool
    rank: int

    @property
    def strings(self) -> np.ndarray:
        """The numbers of the strings that may rotate the domain: in a real state, odd in Y."""
        every = np.arange(1, 4 ** len(self.qubits))
        return every[count_y(every, len(self.qubits)) % 2 == 1] if self.real else every


def domains_of(operator: SparsePauliOp, domain: int | None, copies: int) -> list[Domain]:
    """Sort the terms of an operator by domains.

    A term's domain is its support and all sites at most ``domain`` bonds away; two sites are bound
    where a term holds both. Terms whose domain lies within that of others are taken with them.

    Args:
        operator: An operator on n sites, which are qubits 0 to n - 1.
        domain: Bonds by which supports are widened, 0 or more; None takes all sites.
        copies: 2 where site i has a partner, qubit n + i, that goes wherever i goes; else 1.

    Raises:
        TooLarge: If the linear system of a domain does not fit into memory; the message says
            how many strings and bytes, and which domain would do.

    Example:
        >>> from qcattn.models.spins import ising
        >>> [domain.qubits for domain in domains_of(ising(3).operator, 0, 2)]
        [[0, 1, 3, 4], [0, 2, 3, 5], [1, 2, 4, 5]]
        >>> (whole,) = domains_of(ising(2).operator, None, 2)
        >>> whole.qubits, len(whole.strings)
        ([0, 1, 2, 3], 120)
    """
    strings, weights = numbered(operator)
    n = operator.num_qubits
    real = not (count_y(strings, n) % 2).any()
    supports = [
        frozenset(site for site in range(n) if (s >> n | s) >> site & 1) for s in strings.tolist()
    ]
    widened = _widened(supports, n, domain)
    try:
        _check(widened, n, copies, real)
    except TooLarge as error:
        cure = _smaller(supports, n, copies, real)
        raise TooLarge(f"{error}, or {cure}") from None
    homes: list[frozenset[int]] = []
    for sites in sorted(set(widened), key=lambda sites: (-len(sites), sorted(sites))):
        if not any(sites <= home for home in homes):
            homes.append(sites)
    home_of = np.array([next(i for i, home in enumerate(homes) if s <= home) for s in widened])
    found = []
    for i, sites in enumerate(homes):
        qubits = [site + copy * n for copy in range(copies) for site in sorted(sites)]
        terms = [_within(string, qubits, n) for string in strings[home_of == i].tolist()]
        rank = _rank(len(qubits), copies * n, real)
        found.append(Domain(qubits, np.array(terms), weights[home_of == i], real, rank))
    return found


def _widened(supports: list[frozenset[int]], n: int, domain: int | None) -> list[frozenset[int]]:
    if domain is None:
        return [frozenset(range(n))] * len(supports)
    bound = [frozenset({i}).union(*(s for s in supports if i in s)) for i in range(n)]
    for _ in range(min(domain, n)):
        supports = [frozenset().union(*(bound[i] for i in s)) for s in supports]
    return supports


def _count(q: int, real: bool) -> int:
    """Strings on q qubits, those with an odd number of Y only in the real case."""
    return (4**q - 2**q) // 2 if real else 4**q - 1


def _rank(q: int, total: int, real: bool) -> int:
    """Independent strings: no more than a state of all qubits has real parameters."""
    return min(_count(q, real), 2**total - 1 if real else 2 ** (total + 1) - 1)


def _check(domains: list[frozenset[int]], n: int, copies: int, real: bool) -> None:
    """Refuse domains whose linear system, one row for each independent string, does not fit."""
    q = copies * max((len(sites) for sites in domains), default=0)
    strings = _count(q, real)
    check_bytes(
        8 * strings * _rank(q, copies * n, real),
        f"the linear system of {strings:,} Pauli strings on {q} qubits",
    )


def _smaller(supports: list[frozenset[int]], n: int, copies: int, real: bool) -> str:
    """Which domain would do."""
    cure = "terms on fewer qubits: no `domain` is small enough"
    for domain in range(n):
        try:
            _check(_widened(supports, n, domain), n, copies, real)
        except TooLarge:
            break
        cure = f"`domain={domain}`"
    return cure


def _within(string: int, qubits: list[int], n: int) -> int:
    """A string on n sites as one on the qubits of its domain, which it does not leave."""
    q = len(qubits)
    x = sum((string >> (n + qubit) & 1) << j for j, qubit in enumerate(qubits) if qubit < n)
    z = sum((string >> qubit & 1) << j for j, qubit in enumerate(qubits) if qubit < n)
    return x << q | z
