"""``qcattn prepare``: one thermal state by every method that fits, side by side."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qcattn.cli.app import app, fail, reporting
from qcattn.cli.choices import check_alone, known, read, select, strategy
from qcattn.cli.options import (
    Head,
    Json,
    Layer,
    Model,
    ScoresFile,
    Seed,
    Sentence,
    names_in_help,
)
from qcattn.cli.output import Kept, check_folder, free_folder, keep
from qcattn.cli.printing import (
    exit_code,
    print_json,
    print_place,
    print_sheets,
    print_words,
)
from qcattn.cli.progress import bar
from qcattn.cli.streams import say
from qcattn.plurals import plural
from qcattn.walking import class_of, classes

if TYPE_CHECKING:
    from qcattn.datasets import Scores
    from qcattn.records import Hamiltonian
    from qcattn.trials import Trials

__all__ = ["prepare", "print_trials"]

_FOLDER = "qcattn-prepare"

_Encoding = Annotated[
    str | None,
    typer.Option(help=f"Encode the scores by {names_in_help('encodings')}. [default: Binary]"),
]
_Methods = Annotated[
    str | None,
    typer.Option(
        help=f"Use some methods, joined by commas: {names_in_help('preparations')}. [default: all]"
    ),
]
_Betas = Annotated[
    str, typer.Option(help="Prepare at this inverse temperature, or at several: 0.5,1,2.")
]
_Pauli = Annotated[
    str | None,
    typer.Option(
        help="Sum Pauli strings: 'ZZI=-1, XII=0.5', '0.5*XII - ZZI' or JSON, or name a file of "
        "those or of lines STRING,WEIGHT."
    ),
]
_Workers = Annotated[
    int | None,
    typer.Option(
        help="Try this many methods at the same time; the counts are the same for any number. "
        "[default: one on each core]"
    ),
]
_Alpha = Annotated[
    float, typer.Option(help="Say that perfect samplers differ in at most this share of runs.")
]


@app.command(epilog="Example: qcattn prepare --hamiltonian ising --methods QSVT,Variational")
@reporting
def prepare(
    hamiltonian: Annotated[
        str | None,
        typer.Option(help="Take a model of the literature: ising, heisenberg or free-fermions."),
    ] = None,
    qubits: Annotated[
        int | None, typer.Option(help="Give the model this many sites. [default: 3]")
    ] = None,
    field: Annotated[
        float | None,
        typer.Option(help="Set the field of ising, or of --encoding Transverse. [default: 1]"),
    ] = None,
    chain: Annotated[bool, typer.Option("--open", help="Do not join the ends to a ring.")] = False,
    pauli: _Pauli = None,
    scores: ScoresFile = None,
    model: Model = None,
    sentence: Sentence = None,
    layer: Layer = None,
    head: Head = None,
    query: Annotated[
        int | None, typer.Option(help="Take this row of the head. [default: -1, the last one]")
    ] = None,
    encoding: _Encoding = None,
    gap: Annotated[
        float | None,
        typer.Option(help="Put masked keys and padding this far above the others. [default: 10]"),
    ] = None,
    beta: _Betas = "1",
    methods: _Methods = None,
    shots: Annotated[int, typer.Option(help="Draw this many shots of every method.")] = 4096,
    seed: Seed = 0,
    workers: _Workers = None,
    alpha: _Alpha = 0.01,
    out: Annotated[
        Path | None,
        typer.Option(help="Write into this new folder. [default: qcattn-prepare, or -2 ...]"),
    ] = None,
    json: Json = False,
) -> None:
    """Prepare one thermal state by every method, sample each, and compare cost and error.

    Exit code 0: every method that fits agrees with what it claims; 1: one differs; 2: one is
    undecided, the run was interrupted, or the command was misused.
    """
    from qcattn.arguments import whole_number
    from qcattn.errors import Interrupted
    from qcattn.machine import cores
    from qcattn.trials import prepare as side_by_side

    whole_number(seed, "--seed", least=0)
    workers = cores() if workers is None else whole_number(workers, "--workers")
    check_folder(out or free_folder(_FOLDER))
    betas = _numbers(beta)
    rows = _Rows(scores, model, sentence, layer, head, query, encoding, gap, field)
    one, text = _hamiltonian(hamiltonian, qubits, chain, pauli, rows, min(betas))
    chosen = None if methods is None else _methods(methods, seed)
    options: dict[str, Any] = {"methods": chosen, "shots": shots, "seed": seed, "alpha": alpha}
    try:
        with bar(quiet=json) as tell:
            trials = side_by_side(one, beta=betas, progress=tell, workers=workers, **options)
    except Interrupted as stop:
        trials = stop.result
        if not trials.trials:
            fail("interrupted before any method was done")
    if text:
        trials = replace(trials, source={"text": text})
    kept = _keep(trials, out, quiet=json)
    print_trials(trials, kept, json)
    if not trials.complete:
        say("Interrupted: what was done is kept.", err=json)
    kept.check()
    raise typer.Exit(exit_code([trials.standing], complete=trials.complete))


def print_trials(trials: Trials, kept: Kept, json: bool) -> None:
    """Print the table, a few sentences and the place, or JSON."""
    from qcattn.views.trials import sheets
    from qcattn.views.trials.brief import brief
    from qcattn.views.trials.words import refusals, subject, words

    if json:
        print_json(brief(trials), kept)
        return
    print_words(f"{subject(trials)}.", "")
    print_sheets(sheets.cost(trials), sheets.errors(trials))
    print_words(words(trials))
    print_words(*(f"Left out: {names}: {why}" for names, why in refusals(trials)))
    print_place(kept)


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise ValueError(
            f"`--beta` must be a number or several joined by commas, but is {text!r}"
        ) from error


def _methods(text: str, seed: int) -> list[Any]:
    """The methods of those names, with the seed where they take one."""
    names = [name.strip() for name in text.split(",")]
    found: list[Any] = [class_of("preparations", name, "--methods")() for name in names]
    return [replace(one, seed=seed) if hasattr(one, "seed") else one for one in found]


@dataclass(frozen=True)
class _Rows:
    """Options that choose a row of scores and its encoding, as they were given."""

    scores: Path | None
    model: str | None
    sentence: int | None
    layer: int | None
    head: int | None
    query: int | None
    encoding: str | None
    gap: float | None
    field: float | None

    @property
    def choices(self) -> dict[str, Any]:
        """The options that have no meaning where there are no scores."""
        names = ("layer", "head", "query", "encoding", "gap")
        return {f"--{name}": getattr(self, name) for name in names}


def _hamiltonian(
    name: str | None,
    qubits: int | None,
    chain: bool,
    pauli: str | None,
    rows: _Rows,
    beta: float,
) -> tuple[Hamiltonian, str]:
    """The Hamiltonian that the options name, and what it is where it comes from scores."""
    packaged = rows.model is not None or rows.sentence is not None
    model = "--sentence" if rows.model is None and packaged else "--model"
    sources = {"--hamiltonian": name, "--pauli": pauli, "--scores": rows.scores}
    check_alone(sources | {model: packaged or None})
    of_model = {"--qubits": qubits, "--open": chain or None}
    if name is not None:
        _refuse(rows.choices, "--hamiltonian")
        return _of_model(name, qubits, rows.field, not chain), ""
    if pauli is not None:
        _refuse({**of_model, "--field": rows.field, **rows.choices}, "--pauli")
        from qcattn.models.pauli_sums import read_pauli_sum
        from qcattn.records import Hamiltonian

        return Hamiltonian.of(read_pauli_sum(pauli), name="Pauli list"), ""
    _refuse(of_model, "scores")
    return _of_scores(rows, beta)


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


def _of_scores(rows: _Rows, beta: float) -> tuple[Hamiltonian, str]:
    """One row of scores, with an energy for every basis state, and what it is.

    Keys that are masked, or whose weight is exactly zero at beta, the smallest, are left out.
    """
    import numpy as np

    from qcattn.arguments import check_beta
    from qcattn.attention import softmax
    from qcattn.datasets.scores import warn_of_masks

    encode, gap = _encoding(rows), 10.0 if rows.gap is None else rows.gap
    chosen = read(rows.scores, None, None, None, rows.model, rows.sentence)
    layer, head = rows.layer, rows.head
    if rows.scores is None:
        layer, head = 11 % len(chosen.scores) if layer is None else layer, head or 0
    part = select(chosen, layer, head)
    every = part.scores.reshape(-1, part.scores.shape[-1])
    query = -1 if rows.query is None else rows.query
    if not -len(every) <= query < len(every):
        raise ValueError(
            f"`--query` must be a row from 0 to {len(every) - 1}, or from the end, -1 to "
            f"-{len(every)}, but is {query}"
        )
    row = every[query]
    weights = softmax(row, beta=check_beta(beta))
    masked = warn_of_masks(row, weights)
    row = row[weights > 0]
    hamiltonian = encode(row)
    text = f"{part.source}, {_name_of_row(part, query % len(every))}".strip(", ")
    text += f", {plural(masked, 'key')} of weight 0 left out" if masked else ""
    if not np.isfinite(hamiltonian.energies).all() or len(row) < 2**hamiltonian.num_qubits:
        if not encode.binary:
            binary = [name for name, cls in classes("encodings").items() if cls.binary]
            raise ValueError(
                f"`--encoding` must be one of {', '.join(binary)}, in which every basis state can "
                f"have an energy, but is {type(encode).__name__}"
            )
        text += f", {2**hamiltonian.num_qubits - len(row)} states of padding {gap:g} above"
        hamiltonian = hamiltonian.filled(gap)
    return hamiltonian, text


def _name_of_row(scores: Scores, row: int) -> str:
    """What a row is called: its name, or the query and its token, where these are known."""
    from qcattn.views.labels import visible

    if scores.row_names:
        return f"row {row} '{visible(scores.row_names[row % len(scores.row_names)])}'"
    if scores.scores.ndim == 2 and len(scores.tokens) == len(scores.scores):
        return f"query {row} '{visible(scores.tokens[row])}'"
    return f"row {row}"


def _encoding(rows: _Rows) -> Any:
    """The encoding, with the field and the gap where it takes them."""
    encode = strategy("encodings", rows.encoding or "Binary")
    own = {item.name for item in fields(encode)}
    if "field" not in own:
        _refuse({"--field": rows.field}, f"--encoding {type(encode).__name__}")
    options = {"field": rows.field, "gap": 10.0 if rows.gap is None else rows.gap}
    return replace(encode, **{k: v for k, v in options.items() if k in own and v is not None})


def _keep(trials: Trials, out: Path | None, *, quiet: bool) -> Kept:
    from qcattn.folders.trials import write_trials
    from qcattn.views.trials.brief import brief
    from qcattn.views.trials.page import write_page_of

    return keep(
        out,
        _FOLDER,
        lambda folder: write_trials(trials, folder),
        lambda folder: write_page_of(trials, folder / "report.html"),
        lambda: brief(trials),
        quiet=quiet,
    )
