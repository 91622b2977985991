"""Claims of the documents as experiments: one file a claim, each of which gives a finding."""

from qcattn.claims.born.bayes import BayesianUpdate
from qcattn.claims.born.chain import Chain
from qcattn.claims.born.dephasing import QuantumMeasurement
from qcattn.claims.born.displaced import DisplacedThermal
from qcattn.claims.born.entropies import ThermodynamicEntropy
from qcattn.claims.born.flat_locking import FlatLocking
from qcattn.claims.born.head_outputs import HeadOutputs
from qcattn.claims.born.kms_condition import KMSCondition
from qcattn.claims.born.learning import LearnedMeasurement
from qcattn.claims.born.locking import KuramotoLocking
from qcattn.claims.born.maximum_entropy import MaximumEntropy
from qcattn.claims.born.mixed_states import MixedStates
from qcattn.claims.born.pure_states import PureStates
from qcattn.claims.born.relative_entropy import RelativeEntropy
from qcattn.claims.born.softmax_gibbs import SoftmaxGibbs
from qcattn.claims.born.temperature_limits import TemperatureLimits
from qcattn.claims.frame.running import all_claims, run_claims

# In the order of the claims.
__all__ = [  # noqa: RUF022
    "PureStates",
    "MixedStates",
    "SoftmaxGibbs",
    "MaximumEntropy",
    "BayesianUpdate",
    "KMSCondition",
    "DisplacedThermal",
    "RelativeEntropy",
    "TemperatureLimits",
    "ThermodynamicEntropy",
    "HeadOutputs",
    "KuramotoLocking",
    "FlatLocking",
    "LearnedMeasurement",
    "QuantumMeasurement",
    "Chain",
    "all_claims",
    "run_claims",
]
