"""The benchmark of paired ratios runs, and a way that is slower has the larger time."""

import time

import paired


def test_it_prints_a_ratio_for_each_pair(capsys):
    assert paired.main(["--repeats", "1", "--layers", "1", "--rows", "5", "--shots", "50"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.count("|") == 4]
    assert len(lines) == 8 and sum("over two" in line for line in lines) == 4


def test_the_slower_way_is_above_one():
    slow, quick = lambda: time.sleep(0.2), lambda: time.sleep(0.02)
    assert min(paired.ratios(slow, quick, 2)) > 1 > max(paired.ratios(quick, slow, 2))
