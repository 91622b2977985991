"""Ramsey's experiment on a tensor core, taken literally; needs torch and an NVIDIA GPU.

    python tests/benchmarks/tensor_core.py > qcattn/claims/symmetry/tensor_core_h200.json

Memory is filled with zeros, or with amplitude one of the first state; a Hadamard transform of ten
qubits is one bfloat16 GEMM a gate (or one of 1,024 x 1,024); the card idles; the transform is
undone. The fidelity, and how many bit patterns the repetitions end in, against the idle time.
"""

import json
import sys

import numpy as np

QUBITS = 10
CYCLES = [0, *(10**power for power in range(2, 10))]


def hadamards(torch, device):
    """The transform gate by gate, and as one matrix."""
    h = torch.tensor([[1.0, 1.0], [1.0, -1.0]], dtype=torch.float64) / 2**0.5
    whole = torch.eye(1, dtype=torch.float64)
    for _ in range(QUBITS):
        whole = torch.kron(whole, h)
    h16, whole16 = (one.to(torch.bfloat16).to(device) for one in (h, whole))

    def gatewise(state):
        for q in range(QUBITS):
            rows = state.reshape(2**q, 2, -1).permute(1, 0, 2).reshape(2, -1)
            state = (h16 @ rows).reshape(2, 2**q, -1).permute(1, 0, 2).reshape(-1)
        return state

    return {"gatewise": gatewise, "whole": lambda state: (whole16 @ state[:, None])[:, 0]}


def ramsey(torch, transform, start, cycles, reps):
    """Transform, idle, transform back; repeated."""
    patterns, fidelities, normalised, times = set(), [], [], []
    for _ in range(reps):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        state = transform(start)
        begin.record()
        if cycles:
            torch.cuda._sleep(cycles)
        end.record()
        state = transform(state)
        torch.cuda.synchronize()
        times.append(begin.elapsed_time(end))
        patterns.add(state.view(torch.int16).cpu().numpy().tobytes())
        weights = state.double().cpu().numpy() ** 2
        fidelities.append(weights[0])
        normalised.append(weights[0] / weights.sum())
    return {
        "cycles": cycles,
        "idle_ms": float(np.median(times)),
        "reps": reps,
        "distinct": len(patterns),
        "fidelity": float(np.mean(fidelities)),
        "fidelity_sd": float(np.std(fidelities)),
        "normalised": float(np.mean(normalised)),
    }


def attention(torch, device):
    """Attention in bfloat16 with idle time inside, against the same without, to the bit."""
    generator = torch.Generator(device="cpu").manual_seed(0)
    q, k, v = (torch.randn(8, 128, 64, generator=generator) for _ in range(3))
    q, k, v = (one.to(device, torch.bfloat16) for one in (q, k, v))

    def attend(cycles):
        scores = (q @ k.transpose(1, 2)) / 8
        if cycles:
            torch.cuda._sleep(cycles)
        return torch.softmax(scores.float(), -1).to(torch.bfloat16) @ v

    reference = attend(0)
    exact = torch.softmax((q.double() @ k.double().transpose(1, 2)) / 8, -1) @ v.double()
    rows = [
        {
            "cycles": cycles,
            "reps": 20,
            "all_bitwise_equal": all(torch.equal(attend(cycles), reference) for _ in range(20)),
        }
        for cycles in (0, 10**3, 10**6, 10**8)
    ]
    return rows, float((reference.double() - exact).abs().max())


def main() -> int:
    import torch

    if not torch.cuda.is_available():
        print("there is no CUDA device here; nothing was measured", file=sys.stderr)
        return 2
    device = torch.device("cuda")
    ways = hadamards(torch, device)
    zeros = torch.zeros(2**QUBITS, dtype=torch.bfloat16, device=device)
    start = zeros.clone()
    start[0] = 1
    rows = [
        {"way": name}
        | ramsey(torch, way, start, cycles, 200 if cycles <= 10**6 else 20 if cycles < 10**9 else 4)
        for name, way in ways.items()
        for cycles in CYCLES
    ]
    attended, error = attention(torch, device)
    found = {
        "source": "tests/benchmarks/tensor_core.py",
        "device": torch.cuda.get_device_name(0),
        "torch": torch.__version__,
        "memset_norm": float(zeros.float().norm()),
        "memset_after_H_norm": float(ways["whole"](zeros).float().norm()),
        "ramsey": rows,
        "attention": attended,
        "attention_bf16_error": error,
    }
    print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
