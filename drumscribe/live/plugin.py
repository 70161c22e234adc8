"""The LV2 plug-in: build it from the sources in drumscribe, and put it where hosts look."""

import os
import shutil
import subprocess
import sys
import tempfile
from importlib import resources
from pathlib import Path

from ..errors import DrumscribeError

BUNDLE = "drumscribe.lv2"
_NEEDS = "make, a C compiler and the headers of LV2 (Debian, Ubuntu: apt install build-essential lv2-dev)"


class PluginError(DrumscribeError):
    """The plug-in cannot be built or installed."""


def default_folder() -> Path:
    """Find the folder in which hosts look for a user's LV2 plug-ins.

    Returns
    -------
    Path
        The usual folder of the system.
    """
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Audio" / "Plug-Ins" / "LV2"
    return Path.home() / ".lv2"


def install(folder: Path) -> Path:
    """Build the plug-in, with this drumscribe as its engine, and install it.

    Files of an earlier plug-in are replaced one by one: a host that has loaded it keeps the old one until the host
    ends.

    Parameters
    ----------
    folder : Path
        Folder of LV2 plug-ins; made if it is missing.

    Returns
    -------
    Path
        The bundle in this folder.

    Raises
    ------
    PluginError
        If a tool is missing, or the folder cannot be written to.
    """
    if os.name == "nt":
        raise PluginError("the plug-in is for Linux and macOS: on Windows, play to it with drumscribe live")
    with tempfile.TemporaryDirectory() as temporary:
        built = _build(Path(temporary))
        (built / "engine").write_text(f"{sys.executable}\n-m\ndrumscribe\n", encoding="utf-8")
        bundle = folder / BUNDLE
        try:
            bundle.mkdir(parents=True, exist_ok=True)
            for file in sorted(built.iterdir()):
                new = bundle / f".new-{file.name}"
                shutil.copyfile(file, new)
                os.replace(new, bundle / file.name)
        except OSError as error:
            raise PluginError(f"{bundle}: cannot be written: {error.strerror or error}") from error
    return bundle


def _build(folder: Path) -> Path:
    """Build the bundle in a folder.

    Raises
    ------
    PluginError
        If the build fails.
    """
    if shutil.which("make") is None:
        raise PluginError(f"the plug-in needs {_NEEDS}")
    try:
        sources = Path(str(resources.files("drumscribe.plugin")))
    except ModuleNotFoundError:  # a checkout that is not installed
        sources = Path(__file__).parents[2] / "examples" / "plugin"
    done = subprocess.run(
        ["make", "-C", str(sources), f"BUILD={folder}"], capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        first = next((line for line in done.stderr.splitlines() if "rror" in line), done.stderr.strip()[:200])
        raise PluginError(f"the plug-in cannot be built: {first}; it needs {_NEEDS}")
    return folder / BUNDLE
