"""Attention scores as thermal circuits, sampled on Aer and compared with softmax.

    scores -> Hamiltonian -> parameterised circuit -> counts -> verdict -> picture

Example:
    >>> import qcattn
    >>> result = qcattn.run([[0.0, 1.0, 2.0]], shots=1000, seed=7)
    >>> result.agrees
    True
"""

import lazy_loader

# The public names and their homes stand in __init__.pyi. Each is imported when it is first used,
# so that `import qcattn` and `qcattn --help` do not wait for Qiskit.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
