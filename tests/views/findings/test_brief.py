"""Findings for other programs."""

import json

from qcattn.views.findings.brief import brief


def test_json_holds_the_numbers_and_no_nan(findings):
    said = json.loads(json.dumps(brief(findings), allow_nan=False))["findings"]
    assert said[0]["numbers"][0]["measured"] == 0.0123456
    assert said[0]["numbers"][1]["high"] is None and said[0]["numbers"][1]["exact"] is None
    assert said[1]["verdict"] == "refuted" and said[1]["checks"][0]["holds"] is False
