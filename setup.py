"""What pyproject.toml cannot say: where the packages lie, and the long description.

The packages are the folders of drumscribe/, those of train/ as drumscribe.training, models/ as
drumscribe.models, and examples/plugin/ as drumscribe.plugin.
"""

import re
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).parent
FOLDERS = {
    "drumscribe": "drumscribe",
    "drumscribe.models": "models",
    "drumscribe.plugin": "examples/plugin",
    "drumscribe.training": "train",
}


def packages_in(name: str, folder: str) -> list[str]:
    """The package of a folder, and those below it."""
    files = sorted((ROOT / folder).rglob("__init__.py"))
    return [".".join((name, *file.parent.relative_to(ROOT / folder).parts)) for file in files]


def long_description(readme: str) -> str:
    """The README for a package index, where the repository's files are not at hand.

    Pictures and HTML comments go; a link to a file becomes its text and the file's name: ``[text](docs/x.md)`` becomes
    ``text (docs/x.md)``. Links to the web and within the page stay.
    """
    text = re.sub(r"^(?:!\[.*\]\(.*\)|<!--.*-->)\n+", "", readme, flags=re.MULTILINE)
    return re.sub(r"\[([^\]]*)\]\((?!https?:|#)([^)]*)\)", r"\1 (\2)", text)


setup(
    packages=[name for item in FOLDERS.items() for name in packages_in(*item)],
    package_dir=FOLDERS,
    long_description=long_description((ROOT / "README.md").read_text(encoding="utf-8")),
    long_description_content_type="text/markdown",
)
