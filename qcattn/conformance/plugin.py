"""``pytest --qcattn-backend=module:factory``: every probe of a simulator as one test.

Pytest loads this file wherever qcattn is installed, so nothing but pytest and the standard library
is imported until the option is given, and without it nothing changes.
"""

from __future__ import annotations

import secrets
import shlex
import warnings
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from qcattn.conformance.report import Probed

__all__ = ["ProbeItem", "Probes", "pytest_addoption", "pytest_configure"]

_MARK = "qcattn"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, all of them in one group."""
    group = parser.getgroup("qcattn", "conformance of a simulator of quantum circuits")
    group.addoption(
        "--qcattn-backend",
        metavar="NAME",
        help="Test this simulator by one item a probe: module:factory, with options in brackets "
        "behind it, an entry point of qcattn.backends, or an adapter of qcattn by its name.",
    )
    group.addoption(
        "--qcattn-level",
        default="quick",
        choices=("quick", "standard", "deep"),
        help="Draw for about 1, 10 or 60 minutes. (default: quick)",
    )
    group.addoption(
        "--qcattn-family-alpha",
        type=float,
        default=1e-3,
        metavar="ALPHA",
        help="A correct simulator fails any probe in this share of runs at most. (default: 0.001)",
    )
    group.addoption(
        "--qcattn-seed",
        type=int,
        metavar="SEED",
        help="Draw the seeds of all jobs from this; fresh if it is not given.",
    )
    group.addoption(
        "--qcattn-probe",
        action="append",
        metavar="PROBE",
        help="Run this probe only; may be given several times.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Turn the probes of a backend into items, if a backend is given.

    Raises:
        UsageError: If an option says what cannot be.
    """
    config.addinivalue_line("markers", f"{_MARK}: a probe of the simulator of --qcattn-backend.")
    if config.option.qcattn_backend is None:
        return
    if config.option.qcattn_seed is None:
        # Here, since the processes of pytest-xdist are given the options as they stand now.
        config.option.qcattn_seed = secrets.randbits(128)
    try:
        config.pluginmanager.register(_Conformance(config), "qcattn conformance")
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error


class _Conformance:
    """What is tested, as the options say, and what each probe may spend of the error budget."""

    def __init__(self, config: pytest.Config) -> None:
        from qcattn.arguments import check_alpha, whole_number
        from qcattn.backends.named import named_simulator
        from qcattn.conformance.running import all_probes, applicable
        from qcattn.conformance.timing import LEVEL_SECONDS

        option = config.option
        alpha = check_alpha(option.qcattn_family_alpha, "--qcattn-family-alpha")
        self.seed = whole_number(option.qcattn_seed, "--qcattn-seed", least=0)
        self.backend, self.level = option.qcattn_backend, option.qcattn_level
        self.simulator = named_simulator(self.backend, "--qcattn-backend")
        everything = [probe.name for probe in all_probes()]
        self.names = self._known(option.qcattn_probe, everything)
        # Of all that are chosen, whether this process runs them or -k leaves them out: so the
        # budget holds for the run as a whole, and a probe says the same by itself.
        takes = applicable(self.simulator, self.level, self.names)
        self.share = alpha / max(len(takes), 1)
        self.seconds = LEVEL_SECONDS[self.level] / max(len(takes), 1)
        self.alpha = alpha

    @staticmethod
    def _known(given: list[str] | None, everything: list[str]) -> list[str]:
        from qcattn.names import known

        names = [known("--qcattn-probe", one, everything) for one in given or everything]
        return list(dict.fromkeys(names))

    def pytest_report_header(self) -> str:
        """Say what is tested, with the seed that draws it again."""
        from qcattn.plurals import plural

        return (
            f"qcattn: conformance of {self.backend}, level {self.level}, error budget "
            f"{self.alpha:g} over {plural(len(self.names), 'probe')}, --qcattn-seed={self.seed}"
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> None:
        """Put the probes after the items of files, before -k and -m choose."""
        items += Probes.from_parent(session, name="qcattn conformance", of=self).collect()

    def probed(self, name: str) -> Probed:
        """Run one probe in a process of its own, where no circuit can run for ever."""
        from qcattn.backends.named import named_simulator
        from qcattn.conformance.running import run_conformance
        from qcattn.errors import Interrupted

        try:
            report = run_conformance(
                self.simulator,
                level=self.level,
                alpha=self.share,
                seed=self.seed,
                probes=[name],
                seconds=self.seconds,
                made_by=partial(named_simulator, self.backend, "--qcattn-backend"),
            )
        except Interrupted:
            raise KeyboardInterrupt from None
        (found,) = report.probed
        return found

    def again(self, name: str) -> str:
        """The command that draws the same shots, and writes their script if there is one."""
        words = ["--backend", self.backend, "--level", self.level, "--probe", name]
        words += ["--family-alpha", repr(self.share), "--seed", str(self.seed)]
        return shlex.join(["qcattn", "conformance", *words])


class Probes(pytest.Collector):
    """All chosen probes, which belong to no file."""

    def __init__(self, *, of: _Conformance, **rest: Any) -> None:
        super().__init__(**rest, nodeid="qcattn-conformance")
        self.of = of

    def collect(self) -> Iterator[ProbeItem]:
        """Yield one item for each probe."""
        for name in self.of.names:
            yield ProbeItem.from_parent(self, name=name, of=self.of)


class ProbeItem(pytest.Item):
    """One probe, which passes, fails by an alarm, or is skipped where it is not applicable.

    P-value, effect, resolution, shots and the share of the error budget are properties of the
    test case in what ``--junitxml`` writes.
    """

    def __init__(self, *, of: _Conformance, **rest: Any) -> None:
        super().__init__(**rest)
        self.of = of
        self.add_marker(_MARK)

    def runtest(self) -> None:
        """Draw and judge."""
        with warnings.catch_warnings():
            # A warning that the settings of a project make an error is no wrong shot.
            warnings.simplefilter("default")
            probed = self.of.probed(self.name)
        self.user_properties += probed.properties.items()
        self.user_properties += {"alpha": f"{self.of.share:.6g}", "seed": str(self.of.seed)}.items()
        if probed.standing == "not applicable":
            pytest.skip(probed.words)
        if probed.standing == "alarm":
            jobs = [f"  {check.name}: {check.by}" for check in probed.failed]
            again = f"Again, and made small: {self.of.again(self.name)}"
            pytest.fail("\n".join([probed.words, *jobs, again]), pytrace=False)

    def reportinfo(self) -> tuple[Any, None, str]:
        """The name of the probe, in place of a line of a file."""
        return self.path, None, self.nodeid
