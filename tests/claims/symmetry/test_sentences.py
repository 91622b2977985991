"""Every sentence of the second document that asserts something has a claim that tries it."""

from pathlib import Path

from qcattn.claims.frame.running import all_claims

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "tests" / "data" / "second_document_sentences.txt"
RESULTS = ROOT / "qcattn" / "claims" / "RESULTS.md"


def rows():
    """The sentences of the table, and the names of the claims of each."""
    text = RESULTS.read_text(encoding="utf-8")
    _, _, rest = text.partition("<!-- begin second sentences -->")
    table, _, _ = rest.partition("<!-- end second sentences -->")
    _, _, *lines = [line for line in table.splitlines() if line.startswith("|")]
    split = [line.removeprefix("| ").removesuffix(" |").rsplit(" | ", 1) for line in lines]
    return {
        sentence.replace("\\|", "|").replace("&lt;", "<"): names.split(", ")
        for sentence, names in split
    }


def test_the_table_has_every_sentence_once_as_the_document_has_it():
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    assert list(rows()) == [line for line in lines if not line.startswith("# ")]
    assert len(rows()) > 50


def test_every_sentence_has_claims_that_there_are_and_every_claim_a_sentence():
    names = {one.name for one in all_claims() if one.name.startswith("B")}
    assert {name for tried in rows().values() for name in tried} == names
    assert len(names) == 14
