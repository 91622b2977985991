"""Every Python block of the README and the guides runs, and prints what stands below it.

A block of ``text`` right below a block of ``python`` is what that one prints, as in doctests: three
dots stand for anything, and white space may differ. Blocks of one file share their names.

Every command line that a page shows is read by the parser of its command, which takes its options
and arguments; nothing is carried out.
"""

import doctest
import io
import json
import re
import shlex
from contextlib import redirect_stdout, suppress
from pathlib import Path

import pytest
import typer
from sybil import Document
from sybil.evaluators.python import PythonEvaluator
from sybil.example import SybilFailure
from sybil.parsers.markdown import CodeBlockParser
from typer.testing import CliRunner

from qcattn.cli import app

ROOT = Path(__file__).parents[1]
GUIDES = [ROOT / "README.md", *sorted((ROOT / "qcattn").rglob("*.md"))]
MORE = ["CONTRIBUTING.md", "SECURITY.md", "circuits/README.md", "tests/benchmarks/RESULTS.md"]
MORE += ["notebooks/README.md"]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PAGES = [*GUIDES, *(ROOT / name for name in MORE), *NOTEBOOKS]
COMMANDS = typer.main.get_command(app).commands
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Printing(PythonEvaluator):
    """Runs a block, and keeps what it printed for the block below."""

    def __call__(self, example):
        example.namespace["__printed__"] = ""
        printed = io.StringIO()
        with redirect_stdout(printed):
            super().__call__(example)
        example.namespace["__printed__"] = printed.getvalue()


def printed(example):
    """What the block above printed must be this one; what is wrong, else nothing."""
    said = example.namespace.pop("__printed__", None)
    if said is None:
        return "no block of Python stands above this one: say which language it is, or none"
    wanted = doctest.Example("", example.parsed)
    checker = doctest.OutputChecker()
    if checker.check_output(wanted.want, said, OPTIONS):
        return None
    return checker.output_difference(wanted, said, OPTIONS)


PARSERS = [CodeBlockParser("python", Printing()), CodeBlockParser("text", printed)]


def run(path):
    """Run all blocks of a file, the first first; how many there are of each language."""
    examples = list(Document.parse(str(path), *PARSERS))
    for example in examples:
        example.evaluate()
    return len(examples)


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_blocks_of_a_guide_run_and_print_what_stands_below_them(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    count = run(path)
    assert count or "```python" not in path.read_text(encoding="utf-8")


def text_of(path):
    """A page as it is written; of a notebook its prose."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown"]
    return "\n\n".join("".join(cell["source"]) for cell in cells)


def anchors(path):
    """Anchors of the headings of a file, as hosts make them."""
    heads = re.findall(r"^#+ (.+)$", text_of(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    text = text_of(path)
    links = re.findall(r"\]\(\s*([^)\s]+)\s*\)", text)
    for file, _, anchor in (link.partition("#") for link in links if "://" not in link):
        aim = (path.parent / file).resolve() if file else path
        assert aim.exists(), file
        assert not anchor or anchor in anchors(aim), f"{file}#{anchor}"


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 250


def test_the_readme_has_blocks_with_outputs():
    regions = [example.region for example in Document.parse(str(ROOT / "README.md"), *PARSERS)]
    assert len(regions) >= 5, "a block that is not found is not tested"
    assert sum(region.evaluator is printed for region in regions) >= 2


BLOCK = "```python\nx = 1\nprint(x, 'and so on')\n```\n\n```text\n{}\n```\n"


@pytest.mark.parametrize("below", ["1 and so on", "1 ..."])
def test_what_is_printed_may_be_cut_short(below, tmp_path):
    (tmp_path / "guide.md").write_text(BLOCK.format(below))
    assert run(tmp_path / "guide.md") == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BLOCK.format("2 and so on"), "Expected"),
        ("```text\n1\n```\n", "no block of Python stands above"),
        (BLOCK.format("1 ...") + "```text\n1\n```\n", "no block of Python stands above"),
    ],
)
def test_what_is_not_printed_is_noticed(text, said, tmp_path):
    (tmp_path / "guide.md").write_text(text)
    with pytest.raises(SybilFailure, match=said):
        run(tmp_path / "guide.md")


def test_a_block_that_fails_is_noticed(tmp_path):
    (tmp_path / "guide.md").write_text("```python\nassert 1 == 2\n```\n")
    with pytest.raises(AssertionError):
        run(tmp_path / "guide.md")


def command_lines(text):
    """What is said to `qcattn`, in lines that are set as code and in code within a sentence."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    shown = [*re.findall(r"^ {4}(.+)$", prose, re.MULTILINE), *re.findall(r"`([^`]+)`", prose)]
    steps = [step.removeprefix("$ ") for code in shown for step in code.split(" && ")]
    said = [re.match(r"(?:\S+/)?qcattn\s+(.+)", step, re.DOTALL) for step in steps]
    return [found[1] for found in said if found]


def parse(line):
    """Read a command line as its command does, or as each of them does for the word COMMAND.

    A name alone is that of the command, with whatever it needs.
    """
    word, *rest = shlex.split(line, comments=True)
    for name in COMMANDS if word == "COMMAND" else [word]:
        command = COMMANDS[name]
        if rest:
            with suppress(typer.Exit):  # of --help
                command.make_context(name, list(rest))


EXAMPLE = "Example: qcattn "


def example_of(name):
    """The example at the end of a command's help, without the name of the program."""
    said = COMMANDS[name].epilog or ""
    assert said.startswith(EXAMPLE), f"the help of {name} shows no example"
    return said.removeprefix(EXAMPLE)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_ends_with_an_example_that_it_takes(name, monkeypatch):
    """In one line of a terminal of 80 columns, so that it can be copied."""
    line = example_of(name)
    assert line.split()[0] == name and len(line.split()) > 1
    parse(line)
    monkeypatch.setenv("COLUMNS", "80")
    shown = CliRunner().invoke(app, [name, "--help"]).output
    assert shown.rstrip().splitlines()[-1].strip() == f"{EXAMPLE}{line}"


def test_an_example_that_is_missing_or_not_taken_is_noticed(monkeypatch):
    monkeypatch.setattr(COMMANDS["plan"], "epilog", None)
    with pytest.raises(AssertionError, match="no example"):
        example_of("plan")
    monkeypatch.setattr(COMMANDS["plan"], "epilog", f"{EXAMPLE}plan law.json --epsilom 0.02")
    with pytest.raises(Exception, match=r"No such option.*--epsilom"):
        parse(example_of("plan"))


def options_of(commands):
    """Names of all options of some commands."""
    return {name for one in commands.values() for each in one.params for name in each.opts}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_command_lines_of_a_page_are_taken(path):
    for line in command_lines(text_of(path)):
        parse(line)


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_options_that_a_guide_names_are_there(path):
    """In tables and comments too, where the command that has it stands elsewhere."""
    text = path.read_text(encoding="utf-8")
    foreign = r"^.*(?:pip install|python tests/).*$"
    named = re.findall(r"(?<![\w-])--[a-z][a-z-]*", re.sub(foreign, "", text, flags=re.MULTILINE))
    assert set(named) <= {*options_of(COMMANDS), "--help"}


def test_the_command_lines_of_the_readme_are_found():
    lines = command_lines((ROOT / "README.md").read_text(encoding="utf-8"))
    assert {"run", "extract", "sweep", "show", "prepare", "compare", "conformance", "claims"} <= {
        line.split()[0] for line in lines
    }
    assert any("--noise depolarizing" in line for line in lines), "with a prompt"
    assert "A6 A16 --out DIR" in " ".join(lines), "within a sentence"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("    $ qcattn run --layr 3  # a comment\n", "No such option.*--layr"),
        ("    pip install . && .venv/bin/qcattn run --layr 3\n", "No such option.*--layr"),
        ("As `qcattn show\nDIR --plt beta` says.\n", "No such option.*--plt"),
        ("    qcattn run --layer three\n", "valid integer"),
        ("    qcattn merge --into all.sqlite\n", "Missing parameter: stores"),
        ("    qcattn runs --layer 3\n", "runs"),
    ],
)
def test_a_command_line_that_is_not_taken_is_noticed(text, said):
    (line,) = command_lines(text)
    with pytest.raises(Exception, match=said):
        parse(line)
