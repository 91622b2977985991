"""The command line: ``qcattn run | prepare | sweep | claims | show | ...``, a file a command.

Nothing but typer is imported until a command is running, so that ``--help`` answers at once.
"""

from qcattn.cli.app import app, main

from qcattn.cli.run import run  # isort: skip
from qcattn.cli.prepare import prepare  # isort: skip
from qcattn.cli.sweep import sweep  # isort: skip
from qcattn.cli.claims import claims  # isort: skip
from qcattn.cli.conformance import conformance  # isort: skip
from qcattn.cli.show import show  # isort: skip
from qcattn.cli.merge import merge  # isort: skip
from qcattn.cli.export import export  # isort: skip
from qcattn.cli.extract import extract  # isort: skip
from qcattn.cli.compare import compare  # isort: skip
from qcattn.cli.plan import plan  # isort: skip
from qcattn.cli.teach import teach  # isort: skip

__all__ = [
    "app",
    "claims",
    "compare",
    "conformance",
    "export",
    "extract",
    "main",
    "merge",
    "plan",
    "prepare",
    "run",
    "show",
    "sweep",
    "teach",
]
