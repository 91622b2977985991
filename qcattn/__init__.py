"""Attention scores as thermal circuits, sampled on Aer and compared with softmax."""
