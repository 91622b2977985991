"""The claims B1 to B14, that attention breaks symmetries as physics does: one file a claim."""

DOCUMENT = "Quantum Symmetry Breaking in Transformer Attention: A Theoretical Framework"
