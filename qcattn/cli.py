"""The command line: ``qcattn run | show | extract | compare | plan``.

Nothing but typer is imported until a command is running, so that ``--help`` answers at once.
Exit codes: 0 the counts agree with softmax, 1 they differ, 2 misuse, or a run that was interrupted
or is undecided, 3 a fault of qcattn.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from qcattn.datasets import Scores
    from qcattn.experiment import Backend, Preparation
    from qcattn.records import Result

__all__ = ["app", "main"]

app = typer.Typer(
    help="Sample attention as thermal circuits on Aer and compare the counts with softmax.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Entry point of the ``qcattn`` command."""
    app()


def _fail(message: object) -> NoReturn:
    typer.echo(f"qcattn: {message}", err=True)
    raise typer.Exit(2)


def _reporting(command: Callable[..., None]) -> Callable[..., None]:
    """Turn errors that a user can mend into a message and exit code 2."""

    @wraps(command)
    def wrapped(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except typer.Exit:
            raise
        except (ValueError, RuntimeError, ImportError) as error:
            _fail(error)
        except OSError as error:
            _fail(f"{error.strerror or error}{f' ({error.filename})' if error.filename else ''}")
        except MemoryError as error:
            _fail(f"out of memory: {error}; use fewer keys or shots")
        except KeyboardInterrupt:
            _fail("interrupted")
        except Exception as error:
            if type(error).__module__.startswith("qiskit"):
                _fail(error)
            # A fault of qcattn; 1 would mean that counts differ.
            traceback.print_exc()
            raise typer.Exit(3) from error

    return wrapped


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed

        typer.echo(installed("qcattn"))
        raise typer.Exit


@app.command()
@_reporting
def run(
    scores: Annotated[
        Path | None, typer.Option(help="Scores of any shape (..., keys): .npy .npz .csv .json.")
    ] = None,
    qk: Annotated[
        Path | None, typer.Option(help="Queries and keys (..., n, d): .npz or .json.")
    ] = None,
    hf: Annotated[
        Path | None, typer.Option(help="A local Hugging Face model folder; needs --text.")
    ] = None,
    text: Annotated[str | None, typer.Option(help="The text to read with --hf.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Packaged scores: smollm2 or minilm. [default: smollm2]")
    ] = None,
    sentence: Annotated[
        int | None, typer.Option(help="Packaged sentence, from 0. [default: 0]")
    ] = None,
    layer: Annotated[int | None, typer.Option(help="One layer (first axis) alone.")] = None,
    head: Annotated[int | None, typer.Option(help="One head (second axis) alone.")] = None,
    shots: Annotated[int, typer.Option(help="Shots a row.")] = 4096,
    seed: Annotated[int, typer.Option(help="The same seed gives the same counts.")] = 0,
    beta: Annotated[float, typer.Option(help="Inverse temperature.")] = 1.0,
    encoding: Annotated[str, typer.Option(help="Binary or OneHot.")] = "Binary",
    preparation: Annotated[
        str | None,
        typer.Option(
            help="Amplitude, Purification or Heralded. [default: Purification, and for packaged "
            "scores one head again by Heralded]"
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, CPU or GPU.")] = "auto",
    method: Annotated[str, typer.Option(help="Aer's simulation method.")] = "automatic",
    draws: Annotated[
        str, typer.Option(help="shots (Aer's sampling) or born (exact probabilities, then dice).")
    ] = "shots",
    noise: Annotated[
        str | None,
        typer.Option(
            help="depolarizing=0.01, readout=0.02, thermal=100 (microseconds), several joined by "
            "commas, or a Qiskit fake backend such as GenericBackendV2."
        ),
    ] = None,
    alpha: Annotated[float, typer.Option(help="False alarms of a perfect sampler, a run.")] = 0.01,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results. [default: qcattn-run, or -2 ...]")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Prepare every row of attention scores as a circuit, sample it, compare with softmax."""
    from numpy.random import SeedSequence

    from qcattn.experiment import Interrupted

    if not 0 < alpha < 1:
        raise ValueError(f"`--alpha` must be between 0 and 1, but is {alpha:g}")
    if seed < 0:
        raise ValueError(f"`--seed` must be 0 or more, but is {seed}")
    _check_folder(out or _free_folder())
    chosen = _select(_read(scores, qk, hf, text, model, sentence), layer, head)
    encode = _strategy("encodings", encoding)
    # Packaged scores without a choice of preparation: one head is prepared again, heralded.
    beside = preparation is None and scores is qk is hf is None
    level = alpha / 2 if beside else alpha

    def sampled(part: Scores, name: str, label: str, seed: Any) -> Result:
        prepare = _strategy("preparations", name)
        backend = _backend(part, encode, prepare, method, device, draws, noise)
        options = {"beta": beta, "shots": shots, "encoding": encode, "alpha": level}
        try:
            return _with_progress(label, part, prepare, backend, seed, quiet=json, **options)
        except Interrupted as stop:
            return stop.result

    results = [sampled(chosen, preparation or "Purification", "rows", seed)]
    complete = results[0].complete
    if not results[0].counts.shots.any():
        _fail("interrupted before anything was drawn")
    if beside and complete:
        try:
            part = _one_head(chosen, results[0])
            (other,) = SeedSequence(seed).spawn(1)
            heralded = sampled(part, "Heralded", "heralded rows", other)
            complete = heralded.complete
            results += [heralded] if heralded.counts.shots.any() else []
        except KeyboardInterrupt:
            complete = False
    if noise is not None:
        results = [_with_noise(result, noise) for result in results]
    _print(results, alpha, json)
    folder = _write(results, out)
    if not json:
        typer.echo(f"Report and results: {folder / 'report.html'}")
    if not complete:
        where = (
            "" if not results[0].complete else " in the second part, Heralded; the first is whole"
        )
        typer.echo(f"Interrupted{where}: what was drawn is kept.", err=json)
    raise typer.Exit(_exit_code(results) if complete else 2)


@app.command()
@_reporting
def show(
    folder: Annotated[Path, typer.Argument(help="A folder that `qcattn run` wrote.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Print a result again."""
    from qcattn.storage import load

    results = [load(folder)]
    if (folder / "heralded").is_dir():
        results.append(load(folder / "heralded"))
    _print(results, sum(verdict.alpha for result in results for verdict in result.verdicts), json)
    if not json:
        typer.echo(f"Report and results: {folder / 'report.html'}")
    raise typer.Exit(_exit_code(results))


@app.command()
@_reporting
def extract(
    model: Annotated[str, typer.Option(help="smollm2, minilm or a Hugging Face model folder.")],
    text: Annotated[str, typer.Option(help="The text to read.")],
    out: Annotated[Path, typer.Option(help="The .npz file to write.")] = Path("scores.npz"),
) -> None:
    """Compute the attention scores of a model for a text, for `qcattn run --scores`."""
    from qcattn.datasets.extract import extract, write

    scores = extract(model, text)
    write(scores, out)
    typer.echo(f"{out}: scores {scores.scores.shape} of {scores.model or model}")


@app.command()
@_reporting
def compare(
    counts: Annotated[
        Path, typer.Argument(help="Counts: .json as Qiskit writes them, .csv, .npy.")
    ],
    probabilities: Annotated[Path, typer.Argument(help="Probabilities: .json, .csv, .npy.")],
    epsilon: Annotated[
        float | None, typer.Option(help="Total variation within which to certify agreement.")
    ] = None,
    alpha: Annotated[float, typer.Option(help="Error rate.")] = 0.01,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")] = False,
) -> None:
    """Compare counts from anywhere with probabilities.

    Exit code 0: they agree (with --epsilon: certified); 1: they differ (with --epsilon: or that is
    undecided); 2: misuse.
    """
    from qcattn.comparisons import certify
    from qcattn.comparisons.files import read_outcomes, together
    from qcattn.views import comparing

    drawn, law, outcomes = together(read_outcomes(counts), read_outcomes(probabilities))
    law = law if len(law) == len(drawn) else law.repeat(len(drawn), axis=0)
    certificate = certify(drawn, law, 0.05 if epsilon is None else epsilon, alpha)
    if json:
        from json import dumps

        typer.echo(dumps(comparing.brief(certificate), indent=1))
    else:
        from rich.console import Console

        console = Console()
        table = comparing.offenders(certificate, outcomes)
        if table is not None:
            console.print(table)
        said = comparing.words(certificate, epsilon=epsilon)
        console.print(said, highlight=False, markup=False)
    fit = certificate.fit
    good = not fit.refuted and not fit.undecided.any()
    if epsilon is not None:
        good = good and bool(certificate.certified.all())
    raise typer.Exit(0 if good else 1)


@app.command()
@_reporting
def plan(
    probabilities: Annotated[Path, typer.Argument(help="Probabilities: .json, .csv, .npy.")],
    epsilon: Annotated[float, typer.Option(help="Total variation to see, or to certify.")] = 0.02,
    alpha: Annotated[float, typer.Option(help="Error rate of one row.")] = 0.01,
    power: Annotated[float, typer.Option(help="Probability to succeed.")] = 0.9,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Say how many shots it takes to detect a deviation and to certify agreement."""
    from qcattn.comparisons import plan as shots_for
    from qcattn.comparisons.files import read_outcomes
    from qcattn.views import comparing

    planned = shots_for(read_outcomes(probabilities).values, epsilon, alpha, power)
    if json:
        from json import dumps

        typer.echo(dumps(comparing.brief_plan(planned), indent=1))
        return
    from rich.console import Console

    Console().print(comparing.plan_table(planned))


def _read(
    scores: Path | None,
    qk: Path | None,
    hf: Path | None,
    text: str | None,
    model: str | None,
    sentence: int | None,
) -> Scores:
    from qcattn import datasets
    from qcattn.datasets import files

    if sum(value is not None for value in (scores, qk, hf)) > 1:
        raise ValueError("give one of `--scores`, `--qk` and `--hf`, not several")
    if (hf is None) != (text is None):
        raise ValueError("`--hf` and `--text` go together: a model folder and a text to read")
    own = any(value is not None for value in (scores, qk, hf))
    if own and (model is not None or sentence is not None):
        raise ValueError("`--model` and `--sentence` choose packaged scores; leave them out here")
    if scores is not None:
        return files.read_scores(scores)
    if qk is not None:
        return files.read_qk(qk)
    if hf is not None and text is not None:
        from qcattn.datasets.huggingface import scores as of_model

        return of_model(hf, text)
    return datasets.load(model or "smollm2", sentence or 0)


def _select(scores: Scores, layer: int | None, head: int | None) -> Scores:
    """One layer (first axis) or head (second axis) of the scores."""
    from dataclasses import replace

    import numpy as np

    array, axes, source = scores.scores, list(scores.axes), scores.source
    for name, axis, number in (("--head", 1, head), ("--layer", 0, layer)):
        if number is None:
            continue
        if array.ndim - 1 <= axis:
            raise ValueError(
                f"`{name}` needs an axis {axis} before the keys, but the scores are of shape "
                f"{scores.scores.shape}"
            )
        if not 0 <= number < array.shape[axis]:
            raise ValueError(
                f"`{name}` is {number}, but there are {array.shape[axis]}: 0 to "
                f"{array.shape[axis] - 1}"
            )
        array = np.take(array, [number], axis).squeeze(axis)
        del axes[axis : axis + 1]
        source += f", {name.strip('-')} {number}"
    return replace(scores, scores=array, axes=tuple(axes), source=source.strip(", "))


def _one_head(scores: Scores, result: Result) -> Scores:
    """The head that the report shows."""
    from dataclasses import replace

    from qcattn.views.heads import telling_head

    index = telling_head(result)
    return replace(scores, scores=scores.scores[index], axes=scores.axes[len(index) :])


def _strategy(folder: str, name: str) -> Any:
    """An object of a class in a folder, found by the name of the class."""
    import inspect
    from importlib import import_module

    room = import_module(f"qcattn.{folder}")
    classes = {
        found.lower(): value
        for found, value in vars(room).items()
        if inspect.isclass(value) and found in room.__all__
    }
    option = {"encodings": "--encoding", "preparations": "--preparation"}[folder]
    return classes[_known(option, name.lower(), list(classes))]()


def _known(option: str, value: str, known: list[str]) -> str:
    from difflib import get_close_matches

    if value not in known:
        near = get_close_matches(value, known, 1, 0.3)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ValueError(f"`{option}` has no {value!r}; {hint}known are {', '.join(known)}")
    return value


def _backend(
    scores: Scores,
    encode: Any,
    prepare: Preparation,
    method: str,
    device: str,
    draws: str,
    noise: str | None,
) -> Backend:
    from qiskit_aer import AerSimulator

    from qcattn.backends import Aer
    from qcattn.backends.noise import noise_options

    # Those that turn by any angle.
    turning = ("automatic", "statevector", "density_matrix", "matrix_product_state")
    methods = [name for name in AerSimulator().available_methods() if name in turning]
    device = _known(
        "--device", device if device == "auto" else device.upper(), ["auto", "CPU", "GPU"]
    )
    options: dict[str, Any] = {
        "method": _known("--method", method, methods),
        "device": device,
        "draws": _known("--draws", draws, ["shots", "born"]),
    }
    if noise is not None:
        one = encode(scores.scores.reshape(-1, scores.scores.shape[-1])[0])
        options |= noise_options(noise, prepare(one, beta=1.0).circuit.num_qubits)
    return Aer(**options)


def _with_progress(
    label: str,
    scores: Scores,
    prepare: Preparation,
    backend: Backend,
    seed: int,
    *,
    quiet: bool,
    **options: Any,
) -> Result:
    import numpy as np
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from qcattn.experiment import run

    console = Console(stderr=True, quiet=quiet)
    total = int(np.prod(scores.scores.shape[:-1]))
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=total)
        return run(
            scores,
            preparation=prepare,
            backend=backend,
            seed=seed,
            progress=lambda done: bar.update(task, completed=done),
            **options,
        )


def _with_noise(result: Result, noise: str) -> Result:
    """The result with the description of the noise as it was given."""
    from dataclasses import replace

    return replace(result, settings={**result.settings, "noise": noise})


def _free_folder() -> Path:
    number, folder = 1, Path("qcattn-run")
    while folder.exists():
        number += 1
        folder = Path(f"qcattn-run-{number}")
    return folder


def _check_folder(folder: Path) -> None:
    """Refuse a folder that is taken or cannot be written, before anything is drawn."""
    from tempfile import TemporaryDirectory

    from qcattn.storage import check_free

    check_free(folder)
    parent = next(parent for parent in folder.absolute().parents if parent.exists())
    try:
        with TemporaryDirectory(dir=parent):
            pass
    except OSError as error:
        raise ValueError(
            f"`--out` is {folder}, but {parent} cannot be written ({error.strerror}); name another "
            "folder"
        ) from error


def _write(results: list[Result], out: Path | None) -> Path:
    """Write results and report, whole; Ctrl-C waits until they are."""
    import signal
    import threading

    from qcattn.storage import whole_folder, write_files
    from qcattn.views.report import write_report

    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if main else None
    try:
        while True:
            target = out or _free_folder()
            try:
                with whole_folder(target) as folder:
                    write_files(results[0], folder)
                    for result in results[1:]:
                        (folder / "heralded").mkdir()
                        write_files(result, folder / "heralded")
                    write_report(folder / "report.html", results)
                return target
            except (ValueError, OSError):
                # Another run may have taken the free name meanwhile.
                if out is not None or not target.exists():
                    raise
    finally:
        if main:
            signal.signal(signal.SIGINT, before)


def _exit_code(results: list[Result]) -> int:
    standings = {result.standing for result in results}
    return 1 if "differs" in standings else 2 if "undecided" in standings else 0


def _print(results: list[Result], alpha: float, json: bool) -> None:
    if json:
        from json import dumps

        typer.echo(dumps([_brief(result) for result in results], indent=1))
        return
    from rich.console import Console

    from qcattn.views import tables

    console = Console()
    for result in results:
        console.print(tables.summary(result))
        if result.differs:
            console.print(tables.worst(result))
        console.print(tables.sentence(result), highlight=False, markup=False)
    if len(results) > 1:
        console.print(
            f"A perfect sampler would be said to differ, in either part, in {alpha:.2%} of such "
            "runs at most.",
            highlight=False,
        )


def _brief(result: Result) -> dict[str, Any]:
    """The result in a few numbers, for other programs."""
    return {
        "verdict": result.standing,
        "complete": result.complete,
        "rows": int(result.counts.stray.size),
        "keys": result.counts.keys.shape[-1],
        "shots": result.shots,
        "seed": str(result.seed),
        "preparation": result.prepared.method,
        "kind": result.prepared.kind,
        "comparisons": [
            {
                "name": verdict.name,
                "alpha": verdict.alpha,
                "p_value": verdict.overall,
                "rows_refuted": int(verdict.refuted.sum()),
                "resolution": verdict.overall_resolution,
            }
            for verdict in result.verdicts
        ],
        "settings": dict(result.settings),
    }
