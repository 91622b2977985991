"""``qcattn run``: attention rows as circuits, sampled and compared with softmax."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qcattn.cli.app import app, fail, reporting
from qcattn.cli.choices import encoding_of, known, read, select, strategy
from qcattn.cli.options import (
    Attended,
    Couplings,
    Head,
    Json,
    Layer,
    Model,
    Mu,
    ScoresFile,
    Seed,
    Sentence,
    names_in_help,
)
from qcattn.cli.output import Kept, check_folder, free_folder, keep
from qcattn.cli.printing import exit_code, print_results
from qcattn.cli.progress import bar
from qcattn.cli.streams import say

if TYPE_CHECKING:
    from qcattn.backends.protocol import Backend
    from qcattn.datasets import Scores
    from qcattn.records import Result

__all__ = ["run"]

#: Keys up to which a row of own scores is prepared again by a thermal method.
_KEYS_BESIDE = 256

_Encoding = Annotated[
    str,
    typer.Option(
        help=f"Encode the scores by {names_in_help('encodings')}; counts are compared with "
        "softmax, or with the law of the sets of keys of Interacting, so this command takes those "
        "that are diagonal in the keys."
    ),
]
_Preparation = Annotated[
    str | None,
    typer.Option(
        help=f"Prepare by {names_in_help('preparations')}; some of them take a single row only. "
        "[default: Purification, and for packaged scores one head again by Heralded; Amplitude "
        "for Interacting]"
    ),
]
_Backend = Annotated[
    str | None,
    typer.Option(
        help="Sample on another simulator than Aer: an adapter by its name, such as qulacs, an "
        "entry point, or module:factory, such as qiskit.primitives:StatevectorSampler."
    ),
]
_Device = Annotated[
    str | None,
    typer.Option(help="Simulate on the CPU, the GPU or the faster of them (auto). [default: auto]"),
]
_Method = Annotated[str | None, typer.Option(help="Use this method of Aer. [default: automatic]")]
_Draws = Annotated[
    str | None,
    typer.Option(
        help="Draw Aer's shots, or born: throw dice by exact probabilities. [default: shots]"
    ),
]
_Noise = Annotated[
    str | None,
    typer.Option(
        help="Add noise: depolarizing=0.01, readout=0.02, thermal=100 (microseconds), several "
        "joined by commas, or a Qiskit fake backend such as GenericBackendV2."
    ),
]

_Memory = Annotated[
    str | None,
    typer.Option(help="Hold no more than this, such as 4GiB. [default: half of the memory]"),
]
_Workers = Annotated[
    int | None,
    typer.Option(
        help="Simulate this many rows at the same time; the counts are the same for any "
        "number. [default: one on each core, where that is quicker]"
    ),
]


_Alpha = Annotated[
    float, typer.Option(help="Say that a perfect sampler differs in at most this share of runs.")
]
_Out = Annotated[
    Path | None,
    typer.Option(help="Write into this new folder. [default: qcattn-run, or -2 ...]"),
]


@app.command(epilog="Example: qcattn run --layer 11 --head 7 --preparation Heralded --seed 1")
@reporting
def run(
    scores: ScoresFile = None,
    qk: Annotated[
        Path | None, typer.Option(help="Read queries and keys (..., n, d) from .npz or .json.")
    ] = None,
    hf: Annotated[
        Path | None, typer.Option(help="Take a local Hugging Face model folder, to read --text.")
    ] = None,
    text: Annotated[str | None, typer.Option(help="The model of --hf reads this text.")] = None,
    model: Model = None,
    sentence: Sentence = None,
    layer: Layer = None,
    head: Head = None,
    shots: Annotated[int, typer.Option(help="Draw this many shots of every row.")] = 4096,
    seed: Seed = 0,
    beta: Annotated[float, typer.Option(help="Prepare at this inverse temperature.")] = 1.0,
    encoding: _Encoding = "Binary",
    couplings: Couplings = None,
    mu: Mu = None,
    attended: Attended = None,
    preparation: _Preparation = None,
    backend: _Backend = None,
    device: _Device = None,
    method: _Method = None,
    draws: _Draws = None,
    noise: _Noise = None,
    memory: _Memory = None,
    workers: _Workers = None,
    alpha: _Alpha = 0.01,
    out: _Out = None,
    json: Json = False,
) -> None:
    """Prepare every row of attention scores as a circuit, sample it, and compare with softmax.

    Exit code 0: the counts agree with softmax; 1: they differ; 2: they are undecided, the run was
    interrupted, or the command was misused.
    """
    from qcattn.arguments import check_alpha, whole_number

    check_alpha(alpha, "--alpha")
    whole_number(seed, "--seed", least=0)
    if workers is not None:
        whole_number(workers, "--workers")
    check_folder(out or free_folder("qcattn-run"))
    limit = _limit(memory)
    source = read(scores, qk, hf, text, model, sentence, _left(limit, (0,)))
    # Without a choice of preparation one head, or a row of own scores, is prepared again.
    packaged = scores is qk is hf is None
    encode = encoding_of(encoding, couplings=couplings, mu=mu, attended=attended)
    keys = source.scores.shape[-1]
    beside = preparation is None and (
        2**keys <= _KEYS_BESIDE if encode.subsets else packaged or keys <= _KEYS_BESIDE
    )
    given = {"method": method, "device": device, "draws": draws, "workers": workers}
    _check_apart(backend, {**given, "noise": noise, "memory": memory})
    sample = _Sampling(
        {"beta": beta, "shots": shots, "alpha": alpha / 2 if beside else alpha},
        encode, backend, given, noise, limit, quiet=json,
    )  # fmt: skip
    chosen = select(source, layer, head)
    again = (_one_head if packaged else _one_row) if beside else None
    results, complete = _parts(sample, chosen, preparation, seed, again)
    kept = _keep(results, alpha, out, quiet=json)
    print_results(results, alpha, kept, json)
    if memory is not None and not json:
        say(_memory(sample.shape(chosen), max(sample.peaks), memory))
    if not complete:
        whole = results[0].complete
        where = " in the second part, Heralded; the first is whole" if whole else ""
        say(f"Interrupted{where}: what was drawn is kept.", err=json)
    kept.check()
    raise typer.Exit(exit_code((one.standing for one in results), complete=complete))


@dataclass(frozen=True)
class _Sampling:
    """How the parts of a run are sampled, whatever they prepare.

    Attributes:
        options: The options of `qcattn.run`.
        encode: The encoding.
        backend: Name of another simulator, or None for Aer.
        given: Options of `Aer` as they were given, None where they were not.
        noise: The noise as it was given, or None.
        memory: Bytes that the whole run may hold.
        quiet: Whether to show no bar.
        peaks: Bytes that drawing each part takes at its peak.
    """

    options: dict[str, Any]
    encode: Any
    backend: str | None
    given: dict[str, Any]
    noise: str | None
    memory: int
    quiet: bool
    peaks: list[int] = field(default_factory=list)

    def shape(self, scores: Scores) -> tuple[int, ...]:
        """The shape of the outcomes, (..., num_outcomes)."""
        *rows, keys = scores.scores.shape
        return (*rows, 2**keys if self.encode.subsets else keys)

    def __call__(self, scores: Scores, name: str | None, label: str, seed: Any) -> Result:
        """Sample one part by the preparation of that name; partly, where it is interrupted."""
        from qcattn.backends.aer import Aer
        from qcattn.backends.choosing import with_noise
        from qcattn.errors import Interrupted
        from qcattn.experiment import run

        prepare = None if name is None else strategy("preparations", name)
        backend = _backend(self.backend, self.shape(scores), self.given, self.memory)
        try:
            with bar(quiet=self.quiet) as tell:
                result = run(
                    scores,
                    encoding=self.encode,
                    preparation=prepare,
                    backend=backend,
                    noise=self.noise,
                    seed=seed,
                    progress=lambda done, total, what: tell(done, total, f"{label}{what}"),
                    **self.options,
                )
        except Interrupted as stop:
            result = stop.result
        prepared = result.prepared
        if isinstance(backend, Aer):  # of others nobody knows what they hold
            noisy = with_noise(backend, self.noise, prepared.circuit.num_qubits)
            self.peaks.append(noisy.peak_bytes(prepared, self.options["shots"]))
        return result


def _parts(
    sample: _Sampling,
    scores: Scores,
    name: str | None,
    seed: int,
    choose: Callable[[Scores, Result], Scores] | None,
) -> tuple[list[Result], bool]:
    """The run, what is chosen of it prepared again beside it, and whether all was drawn."""
    from numpy.random import SeedSequence

    main = sample(scores, name, "", seed)
    if not main.counts.shots.any():
        fail("interrupted before anything was drawn")
    if choose is None or not main.complete:
        return [main], main.complete
    try:
        (other,) = SeedSequence(seed).spawn(1)
        again = sample(choose(scores, main), "Heralded", "heralded ", other)
    except KeyboardInterrupt:
        return [main], False
    return ([main, again] if again.counts.shots.any() else [main]), again.complete


def _one_head(scores: Scores, result: Result) -> Scores:
    """The head that says most, which is prepared again."""
    from dataclasses import replace

    from qcattn.attention import telling_head

    index = telling_head(result.expected)
    axes = scores.axes[len(index) :]
    layers = scores.layers if "layer" in axes else ()
    return replace(scores, scores=scores.scores[index], axes=axes, layers=layers)


def _one_row(scores: Scores, result: Result) -> Scores:
    """The row of own scores whose softmax is spread most: of it most shots are kept."""
    from dataclasses import replace

    import numpy as np
    from scipy.special import entr

    spread = entr(result.expected).sum(axis=-1)
    row = tuple(int(i) for i in np.unravel_index(int(np.argmax(spread)), spread.shape))
    where = f"row {', '.join(map(str, row))}" if row else "the row"
    named = f"{where} '{scores.row_names[row[-1]]}'" if scores.row_names else where
    source = ", ".join(filter(None, (scores.source, named)))
    part = scores.scores[row]
    return replace(scores, scores=part, axes=(), row_names=(), layers=(), source=source)


def _is_aer(name: str | None) -> bool:
    return name is None or name.strip().lower() == "aer"


def _check_apart(name: str | None, given: dict[str, Any]) -> None:
    """Refuse options of Aer beside another simulator."""
    beside = [f"`--{option}`" for option, value in given.items() if value is not None]
    if beside and not _is_aer(name):
        raise ValueError(
            f"{' and '.join(beside)} can be given for Aer only, but `--backend` is {name!r}; leave "
            "one out, or write options of that simulator in brackets: module:factory(name=value)"
        )


def _backend(
    name: str | None, shape: tuple[int, ...], given: dict[str, Any], memory: int
) -> Backend:
    from qiskit_aer import AerSimulator

    from qcattn.backends.aer import Aer
    from qcattn.backends.choosing import RUN, backend_of

    if not _is_aer(name):
        return backend_of(name, "--backend", *RUN)
    # Those that turn by any angle.
    turning = ("automatic", "statevector", "density_matrix", "matrix_product_state")
    methods = [one for one in AerSimulator().available_methods() if one in turning]
    device = given["device"] or "auto"
    options: dict[str, Any] = {
        "method": known("--method", given["method"] or "automatic", methods),
        "device": known(
            "--device", device if device == "auto" else device.upper(), ["auto", "CPU", "GPU"]
        ),
        "draws": known("--draws", given["draws"] or "shots", ["shots", "born"]),
        "workers": given["workers"],
    }
    return Aer(**options, memory=_left(memory, shape))


def _limit(memory: str | None) -> int:
    """Bytes that the run may hold: as they were given, or half of what there is."""
    from qcattn.backends.memory import parse_bytes
    from qcattn.machine import memory_bytes

    return memory_bytes() // 2 if memory is None else parse_bytes(memory, "--memory")


def _left(memory: int, shape: tuple[int, ...]) -> int:
    """Bytes that are left to drawing.

    Raises:
        TooLarge: If a run of this shape holds more than all of them before it draws.
    """
    import math

    from qcattn.errors import TooLarge
    from qcattn.experiment import held_bytes

    held = held_bytes(shape)
    if held >= memory:
        scores = f"scores of shape {shape} and what is computed from them"
        raise TooLarge(
            f"`--memory` allows {memory:,} bytes ({memory / 2**30:.3g} GiB), but "
            f"{scores if math.prod(shape) else 'Python and its libraries'} take {held:,} bytes; "
            "give more, or fewer rows or keys"
        )
    return memory - held


def _memory(shape: tuple[int, ...], drawing: int, allowed: str) -> str:
    from qcattn.apart import most_held
    from qcattn.experiment import held_bytes
    from qcattn.machine import peak_bytes

    peak, predicted = (peak_bytes() + most_held()) / 2**30, (held_bytes(shape) + drawing) / 2**30
    return f"Memory: {peak:.3g} GiB at the peak, {predicted:.3g} GiB predicted, {allowed} allowed"


def _keep(results: list[Result], alpha: float, out: Path | None, *, quiet: bool) -> Kept:
    from qcattn.folders.runs import Run, write_run
    from qcattn.views.run.brief import brief
    from qcattn.views.run.report import write_report

    return keep(
        out,
        "qcattn-run",
        lambda folder: write_run(Run(tuple(results), alpha), folder),
        lambda folder: write_report(folder / "report.html", results),
        lambda: brief(results, alpha),
        quiet=quiet,
    )
