"""All rows a little: the sums over rows of the standardised U and of the energy scores."""

from __future__ import annotations

import numpy as np
from scipy import special

from qcattn.comparisons import _quadratic
from qcattn.comparisons._parts import ESCALATE, ROUGH_SKEW, cantelli
from qcattn.comparisons._rows import Floats

#: Skewness of a sum over rows above which its gamma law is not relied upon below `ESCALATE`.
FEW_ROWS_SKEW = 0.2


def sum_p_values(moments: Floats, u_rows: Floats, energy_rows: Floats) -> tuple[float, float]:
    """P-values of the summed U and energy scores, from moments and the p-values of the rows."""
    u, u_var, u_third, energy, e_var, e_third = moments
    u_p = energy_p = 1.0
    if u_var > 0:
        z, skew = u / np.sqrt(u_var), u_third / u_var**1.5
        rough = skew > ROUGH_SKEW["u"]
        u_p = float(cantelli(z) if rough else _quadratic.gamma_tail(z, skew))
        u_p = _far_out(u_p, skew, u_rows)
    if e_var > 0:
        z, skew = energy / np.sqrt(e_var), e_third / e_var**1.5
        upper = float(_quadratic.gamma_tail(z, skew))
        rough = abs(skew) > ROUGH_SKEW["energy"]
        energy_p = 2 * float(cantelli(abs(z)) if rough else min(upper, 1 - upper))
        energy_p = _far_out(energy_p, skew, energy_rows)
    return u_p, energy_p


def _far_out(p_value: float, skew: float, rows: Floats) -> float:
    """The p-value of a sum over rows, or Fisher's of the rows if its law is not good that far."""
    if p_value >= ESCALATE or abs(skew) <= FEW_ROWS_SKEW:
        return p_value
    statistic = -2 * np.log(np.maximum(rows, 1e-300)).sum()
    return float(special.chdtrc(2 * rows.size, statistic))
