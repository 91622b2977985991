"""Every picture has one public function, which takes the values and `ax` and returns the axes."""

import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import qcattn.views
from qcattn.backends import Aer
from qcattn.certification.heating import Heating
from qcattn.evidence import Curve, Estimate, Panel
from qcattn.models.spins import ising
from qcattn.preparations import Amplitude, Heralded
from qcattn.sweeps import Grid, sweep
from qcattn.trials import prepare
from qcattn.views.plotted import write_plot

HOUSE = Path(qcattn.views.__file__).parent


def public_plots():
    """Functions of the room whose names begin with plot_, by their names."""
    found = {}
    for path in sorted(HOUSE.rglob("*.py")):
        parts = path.relative_to(HOUSE).with_suffix("").parts
        module = import_module(".".join(["qcattn.views", *parts]).removesuffix(".__init__"))
        for name, value in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("plot_") and value.__module__ == module.__name__:
                found[name] = value
    return found


PLOTS = public_plots()


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    grid = Grid(
        [[0.0, 1.0, 2.0]],
        beta=[0.5, 1.0],
        preparations=Amplitude(),
        backends=Aer(device="CPU", draws="born"),
        shots=100,
        batch=100,
    )
    return sweep(grid, store=tmp_path_factory.mktemp("plotted") / "runs.sqlite")


@pytest.fixture(scope="module")
def trials():
    methods = [Amplitude(), Heralded()]
    return prepare(ising(2, field=0.0), beta=[0.5, 1.0], methods=methods, shots=100, seed=1)


@pytest.fixture
def arguments(make, done, trials):
    """What each function is given, before `ax`."""
    result = make(make.causal((2, 4, 4)), shots=100)
    levels = np.array([0.0, 1.0])
    heating = Heating("A", 0.01, 30, 1.0, Estimate(0.8, 0.7, 0.9), True, levels, 1.0)
    curve = Curve("sampled", np.array([0.0, 1.0]), np.array([0.4, 0.6]))
    return {
        "plot_attention_map": (result, 1),
        "plot_error_against_beta": (trials,),
        "plot_error_against_cost": (trials,),
        "plot_heating": ([heating],),
        "plot_over_axis": (done, "beta"),
        "plot_p_value_quantiles": (result,),
        "plot_panel": (Panel("A coin", "side", "share", (curve,)),),
        "plot_row_bars": (result, (1, 2)),
    }


def test_no_picture_is_forgotten(arguments):
    assert set(PLOTS) == set(arguments)


@pytest.mark.parametrize("name", PLOTS)
def test_it_plots_on_the_axes_it_is_given_or_on_its_own(arguments, name):
    before = dict(matplotlib.rcParams)
    mine = Figure().subplots()
    assert PLOTS[name](*arguments[name], mine) is mine
    own = PLOTS[name](*arguments[name])
    assert isinstance(own, Axes) and own.figure is not mine.figure
    for ax in (mine, own):
        assert ax.has_data() and ax.get_xlabel() and ax.get_ylabel()
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("name", PLOTS)
def test_it_says_how_it_is_called(name):
    said = inspect.getdoc(PLOTS[name])
    assert said.startswith("Plot ") and "Example:" in said
    assert "ax: The axes to plot on; None makes a figure of its own, which is `ax.figure`." in said
    assert inspect.signature(PLOTS[name]).parameters["ax"].default is None


def test_nothing_imports_pyplot_and_matplotlib_comes_with_the_first_plot(tmp_path):
    """In a process of its own: other tests may have imported pyplot."""
    code = """if True:
        import sys
        from qcattn import run
        from qcattn.views.run.plots import plot_row_bars
        print("matplotlib" in sys.modules)
        plot_row_bars(run([0.0, 1.0], shots=10)).figure.savefig(sys.argv[1])
        print("matplotlib" in sys.modules, "matplotlib.pyplot" in sys.modules)
    """
    command = [sys.executable, "-c", code, str(tmp_path / "row.svg")]
    out = subprocess.run(command, capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False", "True", "False"]


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_a_plot_is_a_file(tmp_path, ending):
    path = tmp_path / f"mine.{ending}"
    write_plot(lambda ax: ax.plot([1, 2]), path)
    assert path.stat().st_size > 1000
    with pytest.raises(ValueError, match="exists"):
        write_plot(lambda ax: ax.plot([1, 2]), path)


def test_an_ending_that_is_none_is_refused(tmp_path):
    with pytest.raises(ValueError, match="did you mean 'png'"):
        write_plot(lambda ax: ax.plot([1]), tmp_path / "mine.pngg")
    assert not list(tmp_path.iterdir())
