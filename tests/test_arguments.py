"""Options that must be positive and finite are refused by name, whatever was given instead."""

import numpy as np
import pytest

from qcattn.encodings import Binary
from qcattn.preparations import CKG, QITE, ImaginaryTime, SystemBath
from qcattn.teaching.students import student_scores

TAKEN = {
    "width": lambda value: CKG(width=value),
    "strength": lambda value: SystemBath(strength=value),
    "step": lambda value: SystemBath(step=value),
    "regularisation": lambda value: QITE(regularisation=value),
    "error": lambda value: ImaginaryTime(error=value)(Binary()([0.0, 1.0]), beta=1.0),
    "gap": lambda value: Binary()([0.0, 1.0, 2.0]).filled(gap=value),
    "spread": lambda value: student_scores(1, 4, spread=value),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_not_positive_and_finite_is_refused_by_name(name):
    for wrong in (0, -1.0, np.nan, np.inf, "x", True, [0.5]):
        with pytest.raises(ValueError, match=f"`{name}` must be a positive, finite number"):
            TAKEN[name](wrong)
    for right in (1, np.float32(0.5), 10**400 // 10**400):
        TAKEN[name](right)
