"""What a claim says is one or two plain sentences, in every test that runs or describes it."""

import re

import pytest

from qcattn.claims.frame.claim import Description

#: The end of a sentence, before the capital or the figure that begins the next one.
_END = re.compile(r"(?<=[a-zA-Z0-9)%”][.!?])”?\s+(?=[A-Z“0-9‘])")


def sentences(words):
    """The sentences of a text."""
    return _END.split(words.strip())


@pytest.fixture(autouse=True, scope="module")
def two_sentences():
    """No description has more than two, whichever branch of a claim a test comes to."""
    plain = Description.__init__

    def counted(self, words, condition=""):
        assert len(sentences(words)) <= 2, sentences(words)
        plain(self, words, condition)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Description, "__init__", counted)
        yield
