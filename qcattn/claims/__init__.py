"""Claims of the documents as experiments: one file a claim, each of which gives a finding."""

from qcattn.claims.pure_states import PureStates

__all__ = ["PureStates"]
