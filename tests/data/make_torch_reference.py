"""Write torch_attention.npz: torch's scaled_dot_product_attention on seeded inputs, in float64.

Written with torch 2.13.0 on a CPU: ``pip install torch==2.13.0 numpy`` in an environment of its
own, then ``python tests/data/make_torch_reference.py``. Inputs come from NumPy's seed 20170612.

Every case stores its inputs, torch's output, and torch's attention weights (its output when the
values are the identity matrix).
"""

from pathlib import Path

import numpy as np

SEED = 20170612


def cases(rng):
    """Yield name, queries, keys, values, and the arguments given to torch."""

    def draw(q, k, d=8, v=5, lead=(2, 3)):
        return (
            rng.normal(size=(*lead, q, d)),
            rng.normal(size=(*lead, k, d)),
            rng.normal(size=(*lead, k, v)),
        )

    yield "plain", *draw(4, 6), {}
    yield "scale", *draw(4, 6), {"scale": 0.7}
    yield "peaked", *draw(4, 6), {"scale": 40.0}
    yield "causal_square", *draw(5, 5), {"is_causal": True}
    yield "causal_wide", *draw(3, 6), {"is_causal": True}
    yield "causal_tall", *draw(6, 3), {"is_causal": True}

    boolean = rng.random((4, 6)) < 0.5
    boolean[:, 0] = True
    yield "boolean_mask", *draw(4, 6), {"attn_mask": boolean}

    padding = np.ones((2, 1, 1, 6), dtype=bool)
    padding[1, ..., 4:] = False
    yield "padding_mask", *draw(4, 6), {"attn_mask": padding}

    additive = rng.normal(size=(3, 4, 6))
    additive[:, 1, 2] = -np.inf
    yield "additive_mask", *draw(4, 6), {"attn_mask": additive}

    queries, keys, values = draw(4, 6)
    yield "shared_keys", queries, keys[:, :1], values[:, :1], {}


def main():
    """Run torch on every case and write the archive beside this file."""
    import torch

    stored = {"torch_version": np.array(torch.__version__)}
    for name, queries, keys, values, arguments in cases(np.random.default_rng(SEED)):
        tensors = {
            key: torch.as_tensor(value) if isinstance(value, np.ndarray) else value
            for key, value in arguments.items()
        }
        q, k, v = (torch.as_tensor(array) for array in (queries, keys, values))
        eye = torch.eye(k.shape[-2], dtype=torch.float64).expand(*k.shape[:-2], -1, -1)
        attend = torch.nn.functional.scaled_dot_product_attention
        stored |= {
            f"{name}/queries": queries,
            f"{name}/keys": keys,
            f"{name}/values": values,
            f"{name}/output": attend(q, k, v, **tensors).numpy(),
            f"{name}/weights": attend(q, k, eye, **tensors).numpy(),
        }
        stored |= {f"{name}/{key}": np.asarray(value) for key, value in arguments.items()}
    np.savez_compressed(Path(__file__).with_name("torch_attention.npz"), **stored)


if __name__ == "__main__":
    main()
