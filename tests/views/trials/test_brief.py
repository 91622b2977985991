"""Trials for other programs."""

import json

from qcattn.views.trials.brief import brief


def test_brief_is_json_with_every_number(mixed):
    said = json.loads(json.dumps(brief(mixed), allow_nan=False))
    assert said["verdict"] == "differs" and len(said["trials"]) == 6
    assert said["trials"][2]["refused"] == "<b>not</b> to my taste"
    assert said["trials"][0]["trace_distance"] < 1e-9 < said["trials"][1]["trace_distance"]
