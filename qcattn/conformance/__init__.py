"""Conformance: circuits with exact laws, and what a backend's shots say of them."""
