"""Tables are put between their markers, and nowhere else; a file without them is refused."""

import re

import pytest
import results

FILES = [results.README, results.RESULTS, results.CLAIMS, results.CIRCUITS]
TEXT = """# Results

<!-- begin a: python tests/benchmarks/a.py --seed 2 -->

old

<!-- end a -->

Between.

<!-- begin ab: python tests/benchmarks/ab.py --seed 1 -->

kept

<!-- end ab -->
"""


def table(arguments):
    print("| x |\n|---|\n| \\1 |", arguments)
    return 3


def test_what_is_printed_stands_between_its_markers(tmp_path, capsys):
    path = tmp_path / "RESULTS.md"
    path.write_text(TEXT)
    assert results.run("a.py", table, ["--seed", "2", "--write"], path) == 3
    shown = capsys.readouterr().out
    assert "| \\1 | ['--seed', '2']" in shown, "it is printed all the same"
    command = "python tests/benchmarks/a.py --seed 2"
    block = f"<!-- begin a: {command} -->\n\n{shown.strip()}\n\n<!-- end a -->"
    expected = re.sub(r"<!-- begin a:.*end a -->", lambda _: block, TEXT, flags=re.DOTALL)
    assert path.read_text() == expected
    assert results.run("a.py", table, ["--seed", "2", "--write"], path) == 3
    assert path.read_text() == expected, "a second time changes nothing"


def test_nothing_is_written_unless_asked(tmp_path):
    path = tmp_path / "RESULTS.md"
    path.write_text(TEXT)
    assert results.run("a.py", table, [], path) == 3
    assert path.read_text() == TEXT


@pytest.mark.parametrize("text", ["", TEXT + TEXT, TEXT.replace("end a ", "end b ")])
def test_markers_that_are_missing_or_stand_twice_are_refused(text):
    with pytest.raises(
        ValueError, match=r"markers of 'a' must stand .* but stand there [02] times"
    ):
        results.between(text, "a", "python tests/benchmarks/a.py --seed 2", "new")


def test_tables_of_one_script_stand_under_their_own_commands():
    two = TEXT + TEXT.replace("--seed 2", "--seed 3").replace("old", "other")
    written = results.between(two, "a", "python tests/benchmarks/a.py --seed 3", "new")
    assert written == two.replace("\nother\n", "\nnew\n")


@pytest.mark.parametrize("arguments", [[], ["--seed", "2", "--only", "costs"]])
def test_a_part_does_not_take_the_place_of_the_whole(arguments, tmp_path, capsys):
    path = tmp_path / "RESULTS.md"
    path.write_text(TEXT)
    with pytest.raises(ValueError, match=r"what `python tests/benchmarks/a.py --seed 2` prints"):
        results.run("a.py", table, [*arguments, "--write"], path)
    assert path.read_text() == TEXT
    assert capsys.readouterr().out == "", "it is refused before it is measured"


@pytest.mark.parametrize("path", FILES, ids=str)
def test_every_table_of_the_project_has_its_script(path):
    """The markers name a script that is there, and each script's markers are there.

    Tables that no script writes, such as that of the sentences of a document, have none.
    """
    text = path.read_text(encoding="utf-8")
    begun = re.findall(r"^<!-- begin (\w+): python tests/benchmarks/(\S+)", text, re.MULTILINE)
    names, ends = [name for name, _ in begun], re.findall(r"^<!-- end (\w+) -->$", text, re.M)
    assert names and names == [name for name in ends if name in names]
    folder = results.RESULTS.parent
    for name, script in begun:
        source = folder / script
        assert script.removesuffix(".py") == name
        code = (source / "__main__.py" if source.is_dir() else source).read_text(encoding="utf-8")
        assert f'results.run("{script}", main' in code


def test_every_script_has_its_markers():
    folder = results.RESULTS.parent
    text = "\n".join(path.read_text(encoding="utf-8") for path in FILES)
    sources = [*folder.glob("*.py"), *folder.glob("*/__main__.py")]
    calls = [re.findall(r'exit\(results\.run\("(\w+)', one.read_text("utf-8")) for one in sources]
    scripts = {script for found in calls for script in found}
    assert len(scripts) > 10
    assert scripts == set(re.findall(r"^<!-- begin (\w+): python tests/", text, re.MULTILINE))
