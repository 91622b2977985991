"""``python -m qcattn`` is the ``qcattn`` command."""

from qcattn.cli import main

if __name__ == "__main__":
    main()
