"""Primitives on a backend, which a name on the command line cannot make by plain options.

cd tests/benchmarks/findings
qcattn conformance --backend on_backends:backend_sampler
"""

from qiskit.primitives import BackendSamplerV2
from qiskit.providers.basic_provider import BasicSimulator


def backend_sampler(seed: int | None = None) -> BackendSamplerV2:
    """Qiskit's sampler on its own simulator."""
    return BackendSamplerV2(backend=BasicSimulator(), options={"seed_simulator": seed})
