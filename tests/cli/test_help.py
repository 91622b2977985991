"""The help of every command: whole sentences, and every strategy that there is."""

import pytest
import typer

from qcattn.cli import app
from qcattn.walking import names

COMMANDS = typer.main.get_command(app).commands


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained_by_a_sentence(name):
    for option in COMMANDS[name].params:
        said = (option.help or "").split(" [default")[0]
        assert said[:1].isupper() and said.endswith("."), f"{option.name}: {option.help}"
        assert len(said.split()) >= 3, f"{option.name}: {option.help}"


@pytest.mark.parametrize(
    ("command", "option", "room"),
    [
        ("run", "encoding", "encodings"),
        ("run", "preparation", "preparations"),
        ("prepare", "encoding", "encodings"),
        ("prepare", "methods", "preparations"),
    ],
)
def test_the_help_names_every_strategy(command, option, room):
    (text,) = (one.help for one in COMMANDS[command].params if one.name == option)
    assert all(name in text for name in names(room))
