"""Every standard gate that has angles, these left open, with three bindings each."""

from __future__ import annotations

from collections.abc import Iterator

from qcattn.conformance.recipe import Recipe
from qcattn.conformance.topics.gates import FORMS, recipe_of

__all__ = ["recipes"]


def recipes() -> Iterator[Recipe]:
    """A circuit for each form of a gate that has angles."""
    for file, form in FORMS.items():
        _, angles, *_ = form
        if angles:
            yield recipe_of(f"parametric/{file}", form, bindings=3)
