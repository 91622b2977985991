"""Claims of the documents as experiments: one file a claim, each of which gives a finding."""

from qcattn.claims.bayes import BayesianUpdate
from qcattn.claims.chain import Chain
from qcattn.claims.dephasing import QuantumMeasurement
from qcattn.claims.displaced import DisplacedThermal
from qcattn.claims.entropies import ThermodynamicEntropy
from qcattn.claims.flat_locking import FlatLocking
from qcattn.claims.head_outputs import HeadOutputs
from qcattn.claims.kms import KMSCondition
from qcattn.claims.learning import LearnedMeasurement
from qcattn.claims.locking import KuramotoLocking
from qcattn.claims.maximum_entropy import MaximumEntropy
from qcattn.claims.mixed_states import MixedStates
from qcattn.claims.pure_states import PureStates
from qcattn.claims.relative_entropy import RelativeEntropy
from qcattn.claims.running import all_claims, run_claims
from qcattn.claims.softmax_gibbs import SoftmaxGibbs
from qcattn.claims.temperature_limits import TemperatureLimits

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
