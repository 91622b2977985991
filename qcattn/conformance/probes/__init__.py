"""Probes: one file a relation that a correct simulator keeps; found by walking this folder."""
