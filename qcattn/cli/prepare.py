"""``qcattn prepare``: one thermal state by every method that fits, side by side."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qcattn.cli.app import app, fail, reporting
from qcattn.cli.choices import known, read, select, strategy
from qcattn.cli.output import check_folder, free_folder, write_whole
from qcattn.walking import class_of

if TYPE_CHECKING:
    from qcattn.records import Hamiltonian
    from qcattn.trials import Trials

__all__ = ["prepare"]

_FOLDER = "qcattn-prepare"


@app.command()
@reporting
def prepare(
    hamiltonian: Annotated[
        str | None,
        typer.Option(help="A model of the literature: ising, heisenberg or free-fermions."),
    ] = None,
    qubits: Annotated[int | None, typer.Option(help="Its sites. [default: 3]")] = None,
    field: Annotated[
        float | None,
        typer.Option(help="Transverse field of ising, or of --encoding Transverse. [default: 1]"),
    ] = None,
    chain: Annotated[bool, typer.Option("--open", help="An open chain, not a ring.")] = False,
    pauli: Annotated[
        str | None,
        typer.Option(help="Pauli strings, 'ZZI=-1, XII=0.5', or a file of lines STRING,WEIGHT."),
    ] = None,
    scores: Annotated[
        Path | None, typer.Option(help="Scores of any shape (..., keys): .npy .npz .csv .json.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Packaged scores: smollm2 or minilm. [default: smollm2]")
    ] = None,
    sentence: Annotated[int | None, typer.Option(help="Packaged sentence. [default: 0]")] = None,
    layer: Annotated[int | None, typer.Option(help="Layer of the scores.")] = None,
    head: Annotated[int | None, typer.Option(help="Head of the scores.")] = None,
    query: Annotated[
        int | None, typer.Option(help="Row of the head. [default: -1, the last one]")
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(help="Of scores: Binary, Rotated or Transverse. [default: Binary]"),
    ] = None,
    gap: Annotated[
        float | None,
        typer.Option(help="Energy of masked keys and padding above the highest. [default: 10]"),
    ] = None,
    beta: Annotated[str, typer.Option(help="Inverse temperature, or several: 0.5,1,2.")] = "1",
    methods: Annotated[
        str | None, typer.Option(help="Some of the methods, joined by commas. [default: all]")
    ] = None,
    shots: Annotated[int, typer.Option(help="Shots a method.")] = 4096,
    seed: Annotated[int, typer.Option(help="The same seed gives the same counts.")] = 0,
    alpha: Annotated[float, typer.Option(help="False alarms of perfect samplers, a run.")] = 0.01,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the results. [default: qcattn-prepare, or -2 ...]"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Prepare one thermal state by every method, sample each, compare cost and error."""
    from qcattn.arguments import whole_number
    from qcattn.errors import Interrupted

    whole_number(seed, "--seed", least=0)
    check_folder(out or free_folder(_FOLDER))
    betas = _numbers(beta)
    named = sum(value is not None for value in (hamiltonian, pauli, scores, model, sentence))
    if named - (model is not None and sentence is not None) > 1:
        raise ValueError(
            "give one of `--hamiltonian`, `--pauli`, `--scores` and `--model`, not several"
        )
    of_model = {"--qubits": qubits, "--open": chain or None}
    of_scores = {
        "--layer": layer,
        "--head": head,
        "--query": query,
        "--encoding": encoding,
        "--gap": gap,
    }
    if hamiltonian is not None:
        _refuse(of_scores, "--hamiltonian")
        one, text = _of_model(hamiltonian, qubits, field, not chain), ""
    elif pauli is not None:
        _refuse({**of_model, "--field": field, **of_scores}, "--pauli")
        one, text = _of_strings(pauli), ""
    else:
        _refuse(of_model, "scores")
        one, text = _of_scores(
            scores, model, sentence, layer, head, query, encoding or "Binary", gap, field
        )
    chosen: Any = None
    if methods is not None:
        names = [name.strip() for name in methods.split(",")]
        found: list[Any] = [class_of("preparations", name, "--methods")() for name in names]
        chosen = [replace(one, seed=seed) if hasattr(one, "seed") else one for one in found]
    try:
        trials = _with_progress(one, betas, chosen, shots, seed, alpha, quiet=json)
    except Interrupted as stop:
        trials = stop.result
        if not trials.trials:
            fail("interrupted before any method was done")
    if text:
        trials = replace(trials, source={"text": text})
    print_trials(trials, json)
    folder = _write(trials, out)
    if not json:
        typer.echo(f"Report and results: {folder / 'report.html'}")
    if not trials.complete:
        typer.echo("Interrupted: what was done is kept.", err=json)
    raise typer.Exit(exit_code_of(trials))


def exit_code_of(trials: Trials) -> int:
    """1 if a method differs from its claim, 2 if that is undecided, else 0."""
    return {"differs": 1, "agrees": 0, "undecided": 2}[trials.standing]


def print_trials(trials: Trials, json: bool) -> None:
    """Print the table and a few sentences, or JSON."""
    from qcattn.views.trials import sheets
    from qcattn.views.trials.brief import brief
    from qcattn.views.trials.words import refusals, words

    if json:
        from json import dumps

        typer.echo(dumps(brief(trials), indent=1))
        return
    from rich.console import Console

    from qcattn.views.tables import set_in_type

    console = Console()
    for sheet in (sheets.cost(trials), sheets.errors(trials)):
        console.print(set_in_type(sheet, console.width))
    console.print(words(trials), highlight=False, markup=False)
    for names, why in refusals(trials):
        console.print(f"Left out: {names}: {why}", highlight=False, markup=False)


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise ValueError(
            f"`--beta` must be a number or several joined by commas, but is {text!r}"
        ) from error


def _refuse(options: dict[str, Any], source: str) -> None:
    """Options that would be ignored."""
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise ValueError(
            f"`{given[0]}` says nothing of a Hamiltonian that comes from `{source}`; leave it out"
        )


def _of_model(name: str, qubits: int | None, field: float | None, periodic: bool) -> Hamiltonian:
    from qcattn import models

    found = known("--hamiltonian", name.lower(), ["ising", "heisenberg", "free-fermions"])
    qubits = 3 if qubits is None else qubits
    if found == "ising":
        return models.ising(qubits, field=1.0 if field is None else field, periodic=periodic)
    _refuse({"--field": field}, f"--hamiltonian {found}")
    if found == "heisenberg":
        return models.heisenberg(qubits, periodic=periodic)
    return models.free_fermions(qubits, periodic=periodic)


def _of_strings(text: str) -> Hamiltonian:
    from math import isfinite

    from qiskit.quantum_info import SparsePauliOp

    from qcattn.records import Hamiltonian

    path = Path(text)
    listed, mark = text, "="
    if path.is_file() or (path.suffix and "=" not in text):
        listed, mark = path.read_text(encoding="utf-8"), ","
        parts = [line for line in listed.splitlines() if line.strip() and line[0] != "#"]
    else:
        parts = listed.split(",")
    terms = []
    for part in parts:
        label, _, weight = part.partition(mark)
        label = label.strip().upper()
        try:
            terms.append((label, float(weight)))
        except ValueError as error:
            raise ValueError(
                f"`--pauli` has {part.strip()!r}, which is not STRING{mark}WEIGHT, for example "
                f"ZZI{mark}-0.5"
            ) from error
        if not isfinite(terms[-1][1]):
            raise ValueError(f"`--pauli` has the weight {weight.strip()!r}; give a finite number")
        if not label or set(label) - set("IXYZ"):
            raise ValueError(f"`--pauli` has the string {label!r}; use the letters I, X, Y, Z")
    lengths = {len(label) for label, _ in terms}
    if len(lengths) != 1:
        raise ValueError(
            f"`--pauli` has strings of {sorted(lengths)} letters; give each a letter for every "
            "qubit, I where it does nothing"
        )
    return Hamiltonian.of(SparsePauliOp.from_list(terms), name="Pauli list")


def _of_scores(
    scores: Path | None,
    model: str | None,
    sentence: int | None,
    layer: int | None,
    head: int | None,
    query: int | None,
    encoding: str,
    gap: float | None,
    field: float | None,
) -> tuple[Hamiltonian, str]:
    """One row of scores, with an energy for every basis state, and what it is."""
    import numpy as np

    query, gap = -1 if query is None else query, 10.0 if gap is None else gap
    encode = strategy("encodings", encoding)
    own = {item.name for item in fields(encode)}
    if "field" not in own:
        _refuse({"--field": field}, f"--encoding {type(encode).__name__}")
    options = {"field": field, "gap": gap}
    encode = replace(encode, **{k: v for k, v in options.items() if k in own and v is not None})
    packaged = scores is None
    chosen = read(scores, None, None, None, model, sentence)
    if packaged:
        layer, head = 11 % len(chosen.scores) if layer is None else layer, head or 0
    part = select(chosen, layer, head)
    rows = part.scores.reshape(-1, part.scores.shape[-1])
    if not -len(rows) <= query < len(rows):
        raise ValueError(f"`--query` is {query}, but there are {len(rows)} rows: 0 to "
                         f"{len(rows) - 1}")  # fmt: skip
    row = rows[query]
    row = row[np.isfinite(row)] if np.isfinite(row).any() else row
    hamiltonian = encode(row)
    text = f"{part.source}, row {query % len(rows)}".strip(", ")
    if not np.isfinite(hamiltonian.energies).all() or len(row) < 2**hamiltonian.num_qubits:
        if hamiltonian.one_hot:
            raise ValueError("`--encoding` is OneHot, which leaves most basis states out; use "
                             "Binary, Rotated or Transverse")  # fmt: skip
        text += f", {2**hamiltonian.num_qubits - len(row)} states of padding {gap:g} above"
        hamiltonian = hamiltonian.filled(gap)
    return hamiltonian, text


def _with_progress(
    hamiltonian: Hamiltonian,
    betas: list[float],
    methods: Any,
    shots: int,
    seed: int,
    alpha: float,
    *,
    quiet: bool,
) -> Trials:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

    from qcattn.trials import prepare

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), "{task.description}")
    with Progress(*columns, console=Console(stderr=True, quiet=quiet), transient=True) as bar:
        task = bar.add_task("", total=None)
        return prepare(
            hamiltonian,
            beta=betas,
            methods=methods,
            shots=shots,
            seed=seed,
            alpha=alpha,
            progress=lambda done, total, what: bar.update(
                task, completed=done, total=total, description=what
            ),
        )


def _write(trials: Trials, out: Path | None) -> Path:
    from qcattn.folders.trials import write_trials
    from qcattn.views.trials.page import write_page_of

    def write(folder: Path) -> None:
        write_page_of(trials, folder / "report.html")
        write_trials(trials, folder)

    return write_whole(out, _FOLDER, write)
