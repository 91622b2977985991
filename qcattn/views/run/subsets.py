"""The tables of a run whose outcomes are sets of keys: the likeliest sets, the weights of keys."""

from __future__ import annotations

import numpy as np
from scipy.special import entr

from qcattn.certification.marginals import attention_weights
from qcattn.records import Result
from qcattn.views.labels import place, set_label, token_labels
from qcattn.views.sheet import Column, Sheet

__all__ = ["likeliest", "telling_row", "weights_of_keys"]

#: Error rate of the intervals of the attention weights of one row.
_ALPHA = 0.01


def telling_row(result: Result) -> tuple[int, ...]:
    """The row whose law is spread most widely."""
    spread = entr(result.expected).sum(axis=-1)
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(spread)), spread.shape))


def likeliest(result: Result, row: tuple[int, ...] | None = None, number: int = 10) -> Sheet:
    """The sets of keys that occur most often, expected and counted.

    Args:
        result: The result of a run whose outcomes are sets.
        row: The index of the row; None for the one whose law is spread most.
        number: The number of sets at most.

    Example:
        >>> from qcattn.encodings import Interacting
        >>> from qcattn.experiment import run
        >>> result = run([0.0, 2.0], encoding=Interacting(couplings=3.0), shots=1000, seed=1)
        >>> likeliest(result, number=2).lines[0][0]
        '{1}'
    """
    where = telling_row(result) if row is None else row
    law, counts = result.expected[where], result.counts.keys[where]
    kept = int(result.counts.kept[where])
    words = result.prepared.codewords
    order = np.argsort(-law, kind="stable")[:number]
    return Sheet(
        title=f"Likeliest subsets{_of(result, where)}",
        columns=(
            Column("subset"),
            Column("expected", "r"),
            Column("counted", "r"),
            Column("shots", "r"),
        ),
        lines=tuple(
            (
                set_label(result, words[one]),
                f"{law[one]:.4f}",
                f"{counts[one] / kept:.4f}" if kept else "no shots",
                f"{counts[one]:,}",
            )
            for one in order
        ),
        caption=f"These {len(order):,} of {len(law):,} subsets have "
        f"{law[order].sum():.3g} of the probability.",
    )


def weights_of_keys(result: Result, row: tuple[int, ...] | None = None) -> Sheet:
    """The attention weight of every key: how often it is attended, with its interval.

    Args:
        result: The result of a run whose outcomes are sets.
        row: The index of the row; None for the one whose law is spread most.

    Returns:
        A table; keys whose exact weight lies outside its interval stand out.
    """
    where = telling_row(result) if row is None else row
    found = attention_weights(result, alpha=_ALPHA)
    exact, best, low, high = (
        array[where] for array in (found.exact, found.best, found.low, found.high)
    )
    labels = token_labels(result)
    return Sheet(
        title=f"Attention weights{_of(result, where)}",
        columns=(
            Column("key"),
            Column("expected", "r"),
            Column("counted", "r", "A weight is the share of shots in which the key is attended."),
            Column(
                "from",
                "r",
                f'"from" and "to" bound it; all of a row hold together in {1 - _ALPHA:.0%} of runs '
                "at least.",
            ),
            Column("to", "r"),
        ),
        lines=tuple(
            (
                labels[key],
                f"{exact[key]:.4f}",
                "no shots" if np.isnan(best[key]) else f"{best[key]:.4f}",
                f"{low[key]:.4f}",
                f"{high[key]:.4f}",
            )
            for key in range(len(exact))
        ),
        caption=f"Attended in the mean: {exact.sum():.4g} keys expected, {best.sum():.4g} counted.",
        marked=frozenset(np.flatnonzero((exact < low) | (exact > high)).tolist()),
    )


def _of(result: Result, where: tuple[int, ...]) -> str:
    return f" of {place(result, where)}" if result.shape else ""
