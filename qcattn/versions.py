"""Versions of the packages on which the numbers depend."""

from __future__ import annotations

import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import Any

__all__ = ["package_versions", "version_behind"]


def package_versions() -> dict[str, str]:
    """The versions of the packages on which the numbers of a run depend.

    Example:
        >>> list(package_versions())
        ['qcattn', 'qiskit', 'qiskit-aer', 'numpy', 'scipy', 'pyqsp']
    """
    names = ("qcattn", "qiskit", "qiskit-aer", "numpy", "scipy", "pyqsp")
    return {name: _version(name) for name in names}


def version_behind(value: Any) -> str:
    """The version of the package that an object's class comes from.

    A class of one's own file comes from no package, and a package may have another name than its
    module: Aer with GPUs is ``qiskit-aer-gpu``.

    Args:
        value: Any object, such as a backend.

    Returns:
        The version of the package, or else what the module says, or else ``"not known"``.

    Example:
        >>> from qiskit.primitives import StatevectorSampler
        >>> version_behind(StatevectorSampler()) == package_versions()["qiskit"]
        True
        >>> version_behind(print)
        'not known'
    """
    return _version_of_module(type(value).__module__.partition(".")[0])


@cache
def _version_of_module(module: str) -> str:
    # The first name is found at once; the others need a look at all packages.
    for names in (lambda: [module.replace("_", "-")], lambda: packages_distributions().get(module)):
        for name in names() or ():
            try:
                return version(name)
            except PackageNotFoundError:
                continue
    return str(getattr(sys.modules.get(module), "__version__", "not known"))


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
