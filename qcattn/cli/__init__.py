"""The command line: ``qcattn run | prepare | claims | show | extract | compare | plan``.

Nothing but typer is imported until a command is running, so that ``--help`` answers at once.
"""

from qcattn.cli.app import app, main

from qcattn.cli.run import run  # isort: skip
from qcattn.cli.prepare import prepare  # isort: skip
from qcattn.cli.claims import claims  # isort: skip
from qcattn.cli.show import show  # isort: skip
from qcattn.cli.extract import extract  # isort: skip
from qcattn.cli.compare import compare  # isort: skip
from qcattn.cli.plan import plan  # isort: skip

__all__ = ["app", "claims", "compare", "extract", "main", "plan", "prepare", "run", "show"]
