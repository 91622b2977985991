"""The claims A1 to A20, that softmax and Born's rule are one thing: one file a claim."""

DOCUMENT = "Softmax ≡ Born Rule: A Party Trick Derivation (Ada & Luna, 2026)"
