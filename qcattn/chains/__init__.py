"""Markov chains on basis states: proposals, acceptance, exact transition matrices, their gaps."""
