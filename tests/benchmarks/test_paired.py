"""The benchmark of paired ratios runs, and a way that is slower has the larger time."""

import time

import paired


def test_it_prints_a_ratio_for_each_pair(capsys):
    small = "--repeats 1 --layers 1 --rows 5 --shots 50 --methods QSVT --claims A20"
    assert paired.main(small.split()) == 0
    out = capsys.readouterr().out.splitlines()
    lines = [line for line in out if line.count("|") == 4]
    assert len(lines) == 8 and sum("over two" in line for line in lines) == 4
    processes = [line for line in out if line.count("|") == 6]
    assert [line.split(" |")[0] for line in processes[2:]] == [
        "| prepare, Ising ring",
        "| claims A20",
    ]


def test_the_slower_way_is_above_one():
    slow, quick = lambda: time.sleep(0.2), lambda: time.sleep(0.02)
    assert min(paired.ratios(slow, quick, 2)) > 1 > max(paired.ratios(quick, slow, 2))
