"""``qcattn run``: attention rows as circuits, sampled and compared with softmax."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qcattn.cli.app import app, fail, reporting
from qcattn.cli.choices import known, read, select, strategy
from qcattn.cli.output import check_folder, free_folder, write_whole
from qcattn.cli.printing import exit_code, print_results

if TYPE_CHECKING:
    from qcattn.backends.aer import Aer
    from qcattn.backends.protocol import Backend
    from qcattn.datasets import Scores
    from qcattn.records import Result
    from qcattn.stages import Preparation

__all__ = ["run"]


@app.command()
@reporting
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
    memory: Annotated[
        str | None,
        typer.Option(help="What the run may hold at its peak, such as 4GiB. [default: half]"),
    ] = None,
    alpha: Annotated[float, typer.Option(help="False alarms of a perfect sampler, a run.")] = 0.01,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results. [default: qcattn-run, or -2 ...]")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Prepare every row of attention scores as a circuit, sample it, compare with softmax."""
    from numpy.random import SeedSequence

    from qcattn.arguments import check_alpha, whole_number
    from qcattn.errors import Interrupted

    check_alpha(alpha, "--alpha")
    whole_number(seed, "--seed", least=0)
    check_folder(out or free_folder("qcattn-run"))
    chosen = select(read(scores, qk, hf, text, model, sentence), layer, head)
    encode = strategy("encodings", encoding)
    # Packaged scores without a choice of preparation: one head is prepared again, heralded.
    beside = preparation is None and scores is qk is hf is None
    level = alpha / 2 if beside else alpha

    peaks: list[int] = []

    def sampled(part: Scores, name: str, label: str, seed: Any) -> Result:
        prepare = strategy("preparations", name)
        backend = _backend(part, encode, prepare, method, device, draws, noise, memory)
        options = {"beta": beta, "shots": shots, "encoding": encode, "alpha": level}
        try:
            result = _with_progress(label, part, prepare, backend, seed, quiet=json, **options)
        except Interrupted as stop:
            result = stop.result
        peaks.append(backend.peak_bytes(result.prepared, shots))
        return result

    results = [sampled(chosen, preparation or "Purification", "rows", seed)]
    complete = results[0].complete
    if not results[0].counts.shots.any():
        fail("interrupted before anything was drawn")
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
    print_results(results, alpha, json)
    folder = _write(results, out)
    if not json:
        if memory is not None:
            typer.echo(_memory(chosen.scores.shape, max(peaks), memory))
        typer.echo(f"Report and results: {folder / 'report.html'}")
    if not complete:
        where = (
            "" if not results[0].complete else " in the second part, Heralded; the first is whole"
        )
        typer.echo(f"Interrupted{where}: what was drawn is kept.", err=json)
    raise typer.Exit(exit_code(results) if complete else 2)


def _one_head(scores: Scores, result: Result) -> Scores:
    """The head that the report shows."""
    from dataclasses import replace

    from qcattn.views.run.heads import telling_head

    index = telling_head(result)
    return replace(scores, scores=scores.scores[index], axes=scores.axes[len(index) :])


def _backend(
    scores: Scores,
    encode: Any,
    prepare: Preparation,
    method: str,
    device: str,
    draws: str,
    noise: str | None,
    memory: str | None,
) -> Aer:
    from qiskit_aer import AerSimulator

    from qcattn.backends.aer import Aer
    from qcattn.backends.memory import parse_bytes
    from qcattn.backends.noise import noise_options

    # Those that turn by any angle.
    turning = ("automatic", "statevector", "density_matrix", "matrix_product_state")
    methods = [name for name in AerSimulator().available_methods() if name in turning]
    device = known(
        "--device", device if device == "auto" else device.upper(), ["auto", "CPU", "GPU"]
    )
    options: dict[str, Any] = {
        "method": known("--method", method, methods),
        "device": device,
        "draws": known("--draws", draws, ["shots", "born"]),
    }
    if memory is not None:
        options["memory"] = _left(parse_bytes(memory, "--memory"), scores.scores.shape)
    if noise is not None:
        one = encode(scores.scores.reshape(-1, scores.scores.shape[-1])[0])
        options |= noise_options(noise, prepare(one, beta=1.0).circuit.num_qubits)
    return Aer(**options)


def _left(memory: int, shape: tuple[int, ...]) -> int:
    """Bytes that are left to drawing.

    Raises:
        ValueError: If a run of this shape holds more than all of them before it draws.
    """
    from qcattn.experiment import held_bytes

    held = held_bytes(shape)
    if held >= memory:
        raise ValueError(
            f"`--memory` allows {memory:,} bytes ({memory / 2**30:.3g} GiB), but scores of shape "
            f"{shape} and what is computed from them take {held:,} bytes; give more, or fewer rows"
        )
    return memory - held


def _memory(shape: tuple[int, ...], drawing: int, allowed: str) -> str:
    from qcattn.backends.memory import peak_bytes
    from qcattn.experiment import held_bytes

    peak, predicted = peak_bytes() / 2**30, (held_bytes(shape) + drawing) / 2**30
    return f"Memory: {peak:.3g} GiB at the peak, {predicted:.3g} GiB predicted, {allowed} allowed"


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
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from qcattn.experiment import run

    console = Console(stderr=True, quiet=quiet)
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=None)
        return run(
            scores,
            preparation=prepare,
            backend=backend,
            seed=seed,
            progress=lambda done, total, what: bar.update(task, completed=done, total=total),
            **options,
        )


def _with_noise(result: Result, noise: str) -> Result:
    """The result with the description of the noise as it was given."""
    from dataclasses import replace

    return replace(result, settings={**result.settings, "noise": noise})


def _write(results: list[Result], out: Path | None) -> Path:
    from qcattn.folders.results import write_files
    from qcattn.views.run.report import write_report

    def write(folder: Path) -> None:
        write_files(results[0], folder)
        for result in results[1:]:
            (folder / "heralded").mkdir()
            write_files(result, folder / "heralded")
        write_report(folder / "report.html", results)

    return write_whole(out, "qcattn-run", write)
