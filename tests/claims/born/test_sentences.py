"""Every sentence of the first document that asserts something has a claim that tries it."""

from pathlib import Path

import pytest

from qcattn.claims.frame.running import all_claims

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "tests" / "data" / "first_document_sentences.txt"
RESULTS = ROOT / "qcattn" / "claims" / "RESULTS.md"


def quoted() -> list[str]:
    """The sentences as they stand in the document."""
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def rows() -> dict[str, list[str]]:
    """The sentences of the table, and the names of the claims of each."""
    text = RESULTS.read_text(encoding="utf-8")
    table = text.split("<!-- begin sentences -->")[1].split("<!-- end sentences -->")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")][2:]
    split = [line.strip("| ").replace("\\|", "\0").rsplit(" | ", 1) for line in lines]
    return {
        sentence.replace("\0", "|").replace("&lt;", "<"): names.split(", ")
        for sentence, names in split
    }


def test_the_table_has_every_sentence_once_as_the_document_has_it():
    assert list(rows()) == quoted() and len(quoted()) > 90


def test_every_sentence_has_claims_that_there_are_and_every_claim_a_sentence():
    names = {one.name for one in all_claims() if one.name.startswith("A")}
    assert {name for tried in rows().values() for name in tried} == names


@pytest.mark.parametrize("claim", [one for one in all_claims() if one.name.startswith("A")])
def test_what_a_claim_quotes_stands_in_the_sentences_that_it_tries(claim):
    """Some part of its statement is a sentence of its rows: white space and breaks aside."""
    mine = [sentence for sentence, tried in rows().items() if claim.name in tried]
    said = " ".join(claim.statement.split())
    assert any(one in said or any(part in one for part in said.split(" … ")) for one in mine)
