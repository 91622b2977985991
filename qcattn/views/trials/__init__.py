"""Trials of all methods on one Hamiltonian, as tables, pictures and a page."""
