"""Write qcattn/datasets/data: run with the extra `extract` and both model packages installed."""

import json
from pathlib import Path

import numpy as np

from qcattn.datasets import minilm, smollm2, stored

SENTENCES = {
    "smollm2": (
        "The cat sat on the mat because it was tired.",
        "The capital of France is",
        "A softmax over attention scores is the Boltzmann distribution of their negatives.",
    ),
    "minilm": (
        "The cat sat on the mat because it was tired.",
        "The capital of France is Paris.",
        "The bank raised rates, so we sat down on the river bank.",
    ),
}
EXTRACTORS = {"smollm2": smollm2.scores, "minilm": minilm.scores}
#: Layer whose values are stored, and how many query heads share one head of them.
VALUES = {"smollm2": (2, 3), "minilm": (3, 1)}
VECTORS = {"smollm2": smollm2.queries_keys_values, "minilm": minilm.queries_keys_values}
FOLDER = Path(stored.__file__).parent / "data"


def main() -> None:
    provenance = {}
    values = {}
    for model, texts in SENTENCES.items():
        extracted = [EXTRACTORS[model](text) for text in texts]
        causal = model == "smollm2"
        packed = [stored.pack(scores.scores, causal=causal) for scores in extracted]
        np.savez(FOLDER / f"{model}.npz", **{str(i): array for i, array in enumerate(packed)})
        layer, served = VALUES[model]
        values[model] = VECTORS[model](texts[0], layer)[2][::served].astype(np.float32)
        about = {
            name: getattr(extracted[0], name)
            for name in ("package", "version", "licence", "sha256", "source")
        }
        provenance[model] = about | {
            "causal": causal,
            "values": {
                "sentence": 0,
                "layer": layer,
                "served": served,
                "sha256": stored.fingerprint(values[model]),
            },
            "sentences": [
                {
                    "sentence": scores.sentence,
                    "tokens": scores.tokens,
                    "scores_sha256": stored.fingerprint(array),
                }
                for scores, array in zip(extracted, packed, strict=True)
            ],
        }
    np.savez(FOLDER / "values.npz", **values)
    text = json.dumps(provenance, indent=1, ensure_ascii=False)
    (FOLDER / "provenance.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
