"""The classical side of attention: scores, masks, positions and softmax, in NumPy alone.

Scores are an array (..., keys): each row along the last axis is one distribution over keys, and
``-inf`` marks a masked key. Everything is computed in float64.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qcattn.arguments import check_betas, check_finite, entry, real_array, whole_number
from qcattn.plurals import plural

__all__ = [
    "attention_output",
    "causal_mask",
    "check_scores",
    "log_softmax",
    "scaled_dot_product_scores",
    "sinusoidal_positions",
    "softmax",
    "telling_head",
]

#: Tokens of the longest text, far more than any model reads.
_LONGEST = 2**20


def check_scores(scores: ArrayLike, *, name: str = "scores") -> NDArray[np.float64]:
    """Return the scores as a float64 array, or say which row cannot be used and why.

    Args:
        scores: Real numbers of shape (..., keys), dimensionless; ``-inf`` marks a masked key, as
            does the mask of a masked array. Zero rows, such as shape (0, 4), are allowed; zero
            keys are not.
        name: What the error message calls the argument.

    Returns:
        The scores, float64 of the same shape. No copy is made where none is needed.

    Raises:
        ValueError: If the array is not numeric, has no axis or no keys, or if a row holds NaN or
            ``+inf`` or is masked throughout.

    Example:
        >>> check_scores([[0, 1], [2, float("-inf")]])
        array([[  0.,   1.],
               [  2., -inf]])
        >>> check_scores([[0, 1], [2, float("nan")]])
        Traceback (most recent call last):
            ...
        ValueError: `scores` must be finite, or -inf where a key is masked, but holds nan at ...
    """
    array = real_array(unmasked(scores), name)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise ValueError(
            f"`{name}` must be of shape (..., keys) with at least one key, "
            f"but is of shape {array.shape}; pass one score for each key along the last axis"
        )
    # One pass settles the usual case: the largest score of a row is finite unless the row is bad.
    usable = np.isfinite(array.max(axis=-1))
    if not usable.all():
        _raise_for_row(array, np.unravel_index(int(np.argmin(usable)), usable.shape), name)
    return array


def unmasked(scores: ArrayLike) -> ArrayLike:
    """Turn a masked array into a plain one, ``-inf`` where it masks; return anything else as it is.

    Example:
        >>> import numpy as np
        >>> unmasked(np.ma.array([0.5, 2.0], mask=[False, True])).tolist()
        [0.5, -inf]
    """
    if isinstance(scores, np.ma.MaskedArray):
        return np.ma.filled(scores.astype(np.float64), -np.inf)
    return scores


def softmax(scores: ArrayLike, *, beta: ArrayLike = 1.0) -> NDArray[np.float64]:
    r"""Probabilities :math:`p_i = e^{\beta s_i} / \sum_j e^{\beta s_j}` of every row.

    It is equivalent to ``scipy.special.softmax(beta * scores, axis=-1)``. The largest score of the
    row is taken off first, so no finite score overflows. A masked key has probability exactly zero,
    and so has a key whose exponent lies more than 745 below the largest, where float64 ends;
    :func:`log_softmax` stays finite there.

    Args:
        scores: Scores (..., keys), dimensionless; ``-inf`` marks a masked key.
        beta: Inverse temperature, finite and above 0: a number, or an array that broadcasts to
            the rows (...,).

    Returns:
        Probabilities of shape (..., keys).

    Raises:
        ValueError: If the scores are unusable (see :func:`check_scores`) or beta is not finite,
            not above 0, or does not broadcast to the rows.

    Example:
        >>> softmax([0.0, 0.0, float("-inf"), float("-inf")])
        array([0.5, 0.5, 0. , 0. ])
        >>> softmax([[0.0, 1000.0], [0.0, 0.0]], beta=[10.0, 1.0])
        array([[0. , 1. ],
               [0.5, 0.5]])
    """
    weights = np.exp(_exponents(scores, beta))
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights


def log_softmax(scores: ArrayLike, *, beta: ArrayLike = 1.0) -> NDArray[np.float64]:
    r"""Natural logarithm of :func:`softmax`, without the underflow of small probabilities.

    Args:
        scores: Scores (..., keys), dimensionless; ``-inf`` marks a masked key.
        beta: Inverse temperature, finite and above 0: a number, or an array that broadcasts to
            the rows (...,).

    Returns:
        Log probabilities of shape (..., keys), in nats, at most 0; ``-inf`` at masked keys.

    Raises:
        ValueError: If :func:`softmax` raises it for these arguments.

    Example:
        >>> log_softmax([0.0, -2000.0])
        array([    0., -2000.])
    """
    exponents = _exponents(scores, beta)
    return exponents - np.log(np.exp(exponents).sum(axis=-1, keepdims=True))


def scaled_dot_product_scores(
    queries: ArrayLike,
    keys: ArrayLike,
    *,
    mask: ArrayLike | None = None,
    causal: bool = False,
    scale: float | None = None,
) -> NDArray[np.float64]:
    r"""Attention scores before softmax, :math:`q \cdot k / \sqrt{d}`, with ``-inf`` where masked.

    Equation (1) of [1] without its softmax. The masks follow torch's
    ``scaled_dot_product_attention``, except that `mask` and `causal` may be given together: a key
    is then seen only if both allow it. Where fewer key heads serve several query heads (grouped
    queries), repeat the key heads first.

    Args:
        queries: Queries (..., q, d).
        keys: Keys (..., k, d); the leading axes broadcast against those of `queries`.
        mask: Boolean, True where the query may attend to the key, or floating, added to the scores
            (0 keeps them, ``-inf`` masks). Broadcasts to (..., q, k).
        causal: Whether to apply :func:`causal_mask` (q, k): query i sees keys 0 to i. Aligned at
            the top left, as torch's ``is_causal``, also when q and k differ.
        scale: Factor on the dot products; 1/sqrt(d) if None.

    Returns:
        Scores of shape (..., q, k). A row may come out masked throughout; :func:`softmax` refuses
        such a row by name.

    Raises:
        ValueError: If a shape does not fit, an array is not numeric or not finite, the scale is not
            finite, or the mask is neither boolean nor floating or holds NaN or ``+inf``.

    Example:
        >>> scaled_dot_product_scores([[2.0, 0.0], [0.0, 2.0]], [[1.0, 0.0], [1.0, 1.0]], scale=1.0)
        array([[2., 2.],
               [0., 2.]])
        >>> scaled_dot_product_scores(np.eye(2), np.eye(2), causal=True, scale=1.0)
        array([[  1., -inf],
               [  0.,   1.]])

    References:
        [1] A. Vaswani et al., Attention Is All You Need, arXiv:1706.03762 (2017).
    """
    q, k = _finite_array(queries, "queries"), _finite_array(keys, "keys")
    if q.ndim < 2 or q.shape[-1] == 0:
        raise ValueError(
            f"`queries` must be of shape (..., q, d) with d at least 1, "
            f"but is of shape {q.shape}; reshape one query to (1, d)"
        )
    if k.ndim < 2 or k.shape[-1] != q.shape[-1] or k.shape[-2] == 0:
        raise ValueError(
            f"`keys` must be of shape (..., k, d) with k at least 1 and d = {q.shape[-1]} "
            f"as in `queries`, but is of shape {k.shape}"
        )
    _check_leading(q, k, "queries", "keys", "(..., k, d)")
    factor = 1 / np.sqrt(q.shape[-1]) if scale is None else scale
    if not np.isfinite(factor):
        raise ValueError(f"`scale` must be finite, but is {scale}; None is 1/sqrt(d)")

    scores = (q * factor) @ np.swapaxes(k, -1, -2)
    if mask is not None:
        scores = _apply_mask(scores, mask)
    if causal:
        scores = np.where(causal_mask(*scores.shape[-2:]), scores, -np.inf)
    return scores


def causal_mask(queries: int, keys: int | None = None) -> NDArray[np.bool_]:
    """Boolean mask that is True where query i may attend to key j: j <= i.

    The mask is aligned at the top left, as torch's ``is_causal`` is. When the queries are the last
    ones of a longer sequence (cached decoding), use ``causal_mask(keys)[-queries:]`` instead.

    Args:
        queries: Number of queries, 1 or more.
        keys: Number of keys, 1 or more; as many as queries if None.

    Returns:
        Mask of shape (queries, keys).

    Raises:
        ValueError: If a number is not an integer from 1 to 2**20.

    Example:
        >>> causal_mask(2, 3)
        array([[ True, False, False],
               [ True,  True, False]])
    """
    cure = "a longer text is masked by its last queries, `np.arange(keys) <= position[:, None]`"
    rows = whole_number(queries, "queries", most=_LONGEST, cure=cure)
    columns = rows if keys is None else whole_number(keys, "keys", most=_LONGEST, cure=cure)
    return np.tri(rows, columns, dtype=np.bool_)


def sinusoidal_positions(length: int, dim: int) -> NDArray[np.float64]:
    r"""Positional encoding of [1], section 3.5, sines and cosines interleaved.

    Column 2i is :math:`\sin(t / 10000^{2i/d})` and column 2i+1 the cosine of the same angle, with
    positions t counted from 0.

    Args:
        length: Number of positions, 1 or more.
        dim: Width d of the encoding, even and 2 or more.

    Returns:
        Encoding of shape (length, dim), entries in [-1, 1].

    Raises:
        ValueError: If `length` is not an integer from 1 to 2**20, or `dim` not an even one.

    Example:
        >>> sinusoidal_positions(2, 4).round(4)
        array([[0.    , 1.    , 0.    , 1.    ],
               [0.8415, 0.5403, 0.01  , 1.    ]])

    References:
        [1] A. Vaswani et al., Attention Is All You Need, arXiv:1706.03762 (2017).
    """
    cure = "compute the positions that are needed, by the formula above"
    rows = whole_number(length, "length", most=_LONGEST, cure=cure)
    columns = whole_number(dim, "dim", most=_LONGEST, cure=cure)
    if columns % 2:
        raise ValueError(
            f"`dim` must be even, since each sine is paired with a cosine, "
            f"but is {dim}; use {columns + 1}"
        )
    frequencies = 10000.0 ** (-np.arange(0, columns, 2) / columns)
    angles = np.arange(rows)[:, None] * frequencies
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(rows, columns)


def attention_output(
    queries: ArrayLike,
    keys: ArrayLike,
    values: ArrayLike,
    *,
    mask: ArrayLike | None = None,
    causal: bool = False,
    scale: float | None = None,
    beta: ArrayLike = 1.0,
) -> NDArray[np.float64]:
    r"""Attention, :math:`\mathrm{softmax}(\beta\, q k^T / \sqrt{d})\, v`: equation (1) of [1].

    It equals torch's ``scaled_dot_product_attention`` without dropout at ``beta=1``.

    Args:
        queries: Queries (..., q, d).
        keys: Keys (..., k, d).
        values: Values (..., k, v); the leading axes broadcast.
        mask: The mask, as in :func:`scaled_dot_product_scores`.
        causal: Whether the mask is causal, as in :func:`scaled_dot_product_scores`.
        scale: The scale, as in :func:`scaled_dot_product_scores`.
        beta: Inverse temperature, finite and above 0: a number, or an array that broadcasts to
            (..., q).

    Returns:
        Weighted means of the values, of shape (..., q, v).

    Raises:
        ValueError: If :func:`scaled_dot_product_scores` or :func:`softmax` raises it, a query may
            attend to no key, or the values do not fit the keys or are not finite.

    Example:
        >>> attention_output([[0.0]], [[1.0], [2.0]], [[10.0], [20.0]])
        array([[15.]])

    References:
        [1] A. Vaswani et al., Attention Is All You Need, arXiv:1706.03762 (2017).
    """
    v = _finite_array(values, "values")
    scores = scaled_dot_product_scores(queries, keys, mask=mask, causal=causal, scale=scale)
    if v.ndim < 2 or v.shape[-2] != scores.shape[-1]:
        raise ValueError(
            f"`values` must be of shape (..., k, v) with k = {scores.shape[-1]} "
            f"as in `keys`, but is of shape {v.shape}"
        )
    _check_leading(scores, v, "queries and keys", "values", "(..., k, v)")
    return softmax(scores, beta=beta) @ v


def _finite_array(value: ArrayLike, name: str) -> NDArray[np.float64]:
    array = real_array(value, name)
    check_finite(array, name, "mask a key with `mask`, not in the vectors")
    return array


def _raise_for_row(array: NDArray[np.float64], row: tuple[np.intp, ...], name: str) -> None:
    values, place = array[row], entry(name, row)
    if np.isneginf(values).all():
        raise ValueError(
            f"`{name}` has every key masked (-inf) at {place}, so that row has no "
            f"distribution; unmask one of its {plural(values.size, 'key')} or leave the row out"
        )
    key = int(np.argmax(np.isnan(values) | np.isposinf(values)))
    raise ValueError(
        f"`{name}` must be finite, or -inf where a key is masked, but holds {values[key]} at "
        f"{place}, key {key}; repair that score or leave the row out"
    )


def _exponents(scores: ArrayLike, beta: ArrayLike) -> NDArray[np.float64]:
    """Exponents beta * (s - max s) of every row: the largest is 0, masked keys are -inf."""
    array = check_scores(scores)
    betas = _betas_of(beta, array.shape[:-1])
    with np.errstate(over="ignore"):  # a gap beyond float64 is -inf, as its weight is zero
        return betas[..., None] * (array - array.max(axis=-1, keepdims=True))


def _betas_of(beta: ArrayLike, rows: tuple[int, ...]) -> NDArray[np.float64]:
    betas = check_betas(beta)
    try:
        return np.broadcast_to(betas, rows)
    except ValueError as error:
        raise ValueError(
            f"`beta` must be a number or broadcast to the rows {rows}, but is of shape "
            f"{betas.shape}; give one number, or one a row"
        ) from error


def _apply_mask(scores: NDArray[np.float64], mask: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(mask)
    if array.dtype.kind not in "bf":
        raise ValueError(
            f"`mask` must be boolean (True: may attend) or floating (added to the "
            f"scores), but its dtype is {array.dtype}; convert zeros and ones with astype(bool)"
        )
    try:
        array = np.broadcast_to(array, scores.shape)
    except ValueError as error:
        raise ValueError(
            f"`mask` must be of a shape that broadcasts to (..., q, k) = {scores.shape}, "
            f"but is of shape {array.shape}"
        ) from error
    if array.dtype.kind == "b":
        return np.where(array, scores, -np.inf)
    wrong = np.isnan(array) | np.isposinf(array)
    if wrong.any():
        place = np.unravel_index(int(np.argmax(wrong)), array.shape)
        raise ValueError(
            f"`mask` must be finite, or -inf where a key is masked, "
            f"but {entry('mask', place)} is {array[place]}"
        )
    return scores + array


def _check_leading(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    first_name: str,
    second_name: str,
    shape: str,
) -> None:
    try:
        np.broadcast_shapes(first.shape[:-2], second.shape[:-2])
    except ValueError as error:
        raise ValueError(
            f"`{second_name}` must be of shape {shape} with leading axes that broadcast "
            f"against {first.shape[:-2]} of `{first_name}`, but is of shape {second.shape}; "
            f"repeat grouped key and value heads first, with np.repeat"
        ) from error


def telling_head(attention: ArrayLike) -> tuple[int, ...]:
    r"""Choose the head whose attention is both spread and varied; of equal heads, the first.

    It has the largest product of two entropies, in nats: the mean entropy of its rows, zero where
    each query looks at a single key, and the mutual information of query and key for a query
    drawn at random, zero where all queries look alike.

    Args:
        attention: Probabilities of shape (..., queries, keys).

    Returns:
        Index of the head, all leading axes but the queries; () without such axes.

    Example:
        >>> alike, varied = [[0.3, 0.7], [0.3, 0.7]], [[0.3, 0.7], [0.7, 0.3]]
        >>> telling_head([alike, varied])
        (1,)
    """
    from scipy.special import entr

    p = np.asarray(attention, dtype=np.float64)
    if p.ndim < 3:
        return ()
    spread = entr(p).sum(axis=-1).mean(axis=-1)
    varied = entr(p.mean(axis=-2)).sum(axis=-1) - spread
    best = np.unravel_index(int(np.argmax(spread * varied)), spread.shape)
    return tuple(int(i) for i in best)
