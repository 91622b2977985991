"""A simulator by what a person calls it: a name, an entry point, or ``module:factory``."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from qiskit.primitives import BaseEstimatorV2, BaseSamplerV2
from qiskit.providers import BackendV2
from qiskit.transpiler import PassManager, generate_preset_pass_manager

from qcattn.backends.estimator import Estimator
from qcattn.backends.qiskit_backend import QiskitBackend
from qcattn.backends.sampler import Sampler, backend_behind
from qcattn.backends.simulator import Simulator
from qcattn.names import known
from qcattn.walking import classes, made, names

__all__ = [
    "GROUP",
    "Making",
    "adapted",
    "making",
    "named_simulator",
    "place_and_options",
    "place_behind",
]

#: Entry points by which a package offers its simulators.
GROUP = "qcattn.backends"


@dataclass(frozen=True, eq=False)
class Making:
    """What was made from a text that names it.

    Attributes:
        value: What the factory gave.
        factory: A function that makes the value anew.
        options: The options in brackets, which the factory takes.
    """

    value: Any
    factory: Callable[..., Any]
    options: dict[str, Any] = field(default_factory=dict)


def making(text: str, where: str) -> Making:
    """Make what a text names, for a run, a sweep or a test of the simulator.

    Args:
        text: A class of this folder, such as ``qulacs``; an entry point of the group
            ``qcattn.backends``; or ``module:factory``. Options may follow in brackets:
            ``qiskit_aer:AerSimulator(method='density_matrix')``.
        where: What the text was given for.

    Raises:
        ValueError: If there is no such name, module or factory, or it cannot be made.

    Example:
        >>> making("aer(draws='born')", "--backend").value.draws
        'born'
    """
    place, options = place_and_options(text, where)
    own = {one.lower() for one in names("backends")}
    factory = _imported(place, where) if ":" in place else _offered(place, where)
    if not options and place.lower() in own:
        return Making(made("backends", place, where), factory)
    try:
        return Making(factory(**options), factory, options)
    except Exception as error:  # whatever a factory raises, it is no fault of qcattn
        said = f"{type(error).__name__}: {error}"
        raise ValueError(f"`{where}` is {text!r}, which cannot be made: {said}") from error


def named_simulator(text: str, where: str = "--backend") -> Simulator:
    """Make the simulator that a text names, to be tested.

    Args:
        text: The text, as `making` takes it. What the factory gives is a Qiskit ``BackendV2``,
            ``BaseSamplerV2`` or ``BaseEstimatorV2``, or a `Simulator`.
        where: What the text was given for.

    Returns:
        The simulator, adapted.

    Raises:
        ValueError: If there is no such name, module or factory, or what it gives is no simulator.

    Example:
        >>> named_simulator("qiskit.primitives:StatevectorSampler").settings()["backend"]
        'StatevectorSampler'
        >>> named_simulator("qiskit_aer:AerSimulator(method='stabilizer')").most_qubits > 1000
        True
    """
    found = making(text, where)
    return adapted(found.value, where, found.factory, found.options)


def adapted(
    made: Any,
    where: str = "backend",
    factory: Callable[..., Any] | None = None,
    options: dict[str, Any] | None = None,
) -> Simulator:
    """Wrap a simulator so that it can be tested.

    Args:
        made: A Qiskit ``BackendV2``, ``BaseSamplerV2`` or ``BaseEstimatorV2``, or a `Simulator`.
        where: What the simulator was given for.
        factory: A function that makes the simulator anew; where that takes a ``seed``, the
            simulator has the ability of one.
        options: The options of the factory.

    Raises:
        ValueError: If it is none of these.
    """
    if isinstance(made, Simulator):
        return made
    if isinstance(made, BackendV2):
        return QiskitBackend(made)
    seeded = None
    if factory is not None and "seed" in _parameters(factory):
        seeded = lambda seed: factory(**{**(options or {}), "seed": seed})  # noqa: E731
    if isinstance(made, BaseSamplerV2):
        return Sampler(made, _fitting(made), seeded)
    if isinstance(made, BaseEstimatorV2):
        return Estimator(made, seeded=seeded)
    raise ValueError(
        f"`{where}` must give a Qiskit BackendV2, BaseSamplerV2 or BaseEstimatorV2, or a Simulator "
        f"of qcattn.backends.simulator, but gives {type(made).__name__}"
    )


def _fitting(sampler: BaseSamplerV2) -> PassManager | None:
    """Puts circuits into the gates of its backend, which a sampler leaves to its users."""
    backend = backend_behind(sampler)
    return backend and generate_preset_pass_manager(optimization_level=0, backend=backend)


def _parameters(factory: Callable[..., Any]) -> set[str]:
    try:
        return set(inspect.signature(factory).parameters)
    except (TypeError, ValueError):  # not every callable has a signature
        return set()


def place_and_options(text: str, where: str) -> tuple[str, dict[str, Any]]:
    """The place that a text names, and the options in brackets behind it.

    Raises:
        ValueError: If these are no plain values by name.

    Example:
        >>> place_and_options("qiskit_aer:AerSimulator(method='statevector')", "--backend")
        ('qiskit_aer:AerSimulator', {'method': 'statevector'})
    """
    place, bracket, _ = text.partition("(")
    if not bracket:
        return text.strip(), {}
    try:
        call = ast.parse(f"f({text.partition('(')[2]}", mode="eval").body
        if not isinstance(call, ast.Call) or call.args:
            raise ValueError
        return place.strip(), {str(one.arg): ast.literal_eval(one.value) for one in call.keywords}
    except (SyntaxError, ValueError):
        raise ValueError(
            f"`{where}` is {text!r}, but options stand in brackets as name=value with plain "
            "values, such as qiskit_aer:AerSimulator(method='density_matrix')"
        ) from None


def place_behind(name: str) -> str:
    """Look up the ``module:factory`` of an entry point; any other name is given back.

    Example:
        >>> place_behind("qiskit_aer:AerSimulator")
        'qiskit_aer:AerSimulator'
    """
    point = _points().get(name.lower())
    return name if point is None else point.value


def _points() -> dict[str, metadata.EntryPoint]:
    return {point.name.lower(): point for point in metadata.entry_points(group=GROUP)}


def _imported(place: str, where: str) -> Callable[..., Any]:
    module, _, name = place.partition(":")
    if not module or not name:
        raise ValueError(f"`{where}` must be module:factory, but is {place!r}")
    _find(module)
    try:
        found = import_module(module)
    except Exception as error:  # it may be a module with an error of its own
        said = "" if isinstance(error, ImportError) else f"{type(error).__name__}: "
        raise ValueError(
            f"`{where}` names the module {module!r}, which cannot be imported ({said}{error}); "
            "install its package, or correct the name"
        ) from error
    try:
        factory = getattr(found, name)
    except AttributeError:
        raise ValueError(
            f"`{where}` names {name!r}, which {module} does not have; name one that it has"
        ) from None
    if not callable(factory):
        raise ValueError(f"`{where}` names {place!r}, which cannot be called; name a factory")
    return factory


def _find(module: str) -> None:
    """Look into the current folder too, where a command that is installed does not look."""
    top, here = module.partition(".")[0], Path.cwd()
    if top not in sys.modules and (here / f"{top}.py").is_file() and find_spec(top) is None:
        sys.path.append(str(here))


def _offered(name: str, where: str) -> Callable[..., Any]:
    """A class of this folder or an entry point, in capitals or not."""
    offered = _points()
    own = {one.lower(): one for one in names("backends")}
    if name.lower() in own:
        return classes("backends")[own[name.lower()]]
    if name.lower() in offered:
        return _imported(offered[name.lower()].value, where)
    try:
        known(where, name, [*own.values(), *(point.name for point in offered.values())])
    except ValueError as error:
        raise ValueError(
            f"{error} (any other simulator is named by module:factory, such as "
            "qiskit.providers.basic_provider:BasicSimulator)"
        ) from None
    raise AssertionError("`known` refuses what is not known")
