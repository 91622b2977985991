"""Versions of the packages on which the numbers depend."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

__all__ = ["package_versions"]


def package_versions() -> dict[str, str]:
    """Versions of the packages on which the numbers of a run depend.

    Example:
        >>> list(package_versions())
        ['qcattn', 'qiskit', 'qiskit-aer', 'numpy', 'scipy', 'pyqsp']
    """
    names = ("qcattn", "qiskit", "qiskit-aer", "numpy", "scipy", "pyqsp")
    return {name: _version(name) for name in names}


@cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        if name == "qcattn":
            return "not installed"  # a checkout, found by the path of modules
        if name != "qiskit-aer":
            raise
        return version("qiskit-aer-gpu")  # the same package, with GPUs
