"""The page of trials."""

from dataclasses import replace

import numpy as np

from qcattn.views.trials.page import write_page_of
from qcattn.views.trials.words import words


def test_without_a_point_to_plot_there_is_a_page_without_a_warning(good, mixed, tmp_path):
    """Neither where the true errors are unknown nor where all that was done is a refusal."""
    blind = replace(good, trials=tuple(replace(t, trace_distance=np.nan) for t in good.trials))
    refused = replace(mixed, trials=mixed.trials[2:3], complete=False)
    assert words(refused) == "Interrupted before any method was done."
    for number, trials in enumerate((blind, refused)):
        write_page_of(trials, tmp_path / f"{number}.html")
        assert (tmp_path / f"{number}.html").stat().st_size > 1000


def test_the_page_is_whole_and_safe(mixed, tmp_path):
    write_page_of(mixed, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>") and page.rstrip().endswith("</html>")
    assert "<b>not</b>" not in page and "&lt;b&gt;not" in page
    assert page.count("<svg") == 2 and "<script" not in page and "http:" not in page
    assert "claim broken" in page
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
