"""The kits in the user's data folder, by name, and kit files elsewhere."""

from pathlib import Path

from .kit import SUFFIX, Kit, KitError, check_name, read_kit


def folder() -> Path:
    """Find the user's folder of kits.

    Returns
    -------
    Path
        The folder, in the system's place for the data of programs.
    """
    from platformdirs import user_data_path

    return user_data_path("drumscribe", appauthor=False) / "kits"


def place_of(name: str | Path) -> Path:
    """Return the file of a kit.

    Parameters
    ----------
    name : str or Path
        The name of a kit, or a path that ends in ``.kit``.

    Returns
    -------
    Path
        The file, which may not exist.

    Raises
    ------
    KitError
        If the name is neither.
    """
    if str(name).lower().endswith(SUFFIX):
        return Path(name)
    return folder() / f"{check_name(str(name))}{SUFFIX}"


def samples_of(kit: Path) -> Path:
    """Return the file for the samples of a kit.

    Parameters
    ----------
    kit : Path
        The file of the kit.

    Returns
    -------
    Path
        The file, which may not exist.
    """
    return kit.with_suffix(".samples.npz")


def kit_files() -> list[Path]:
    """List the kits in the user's folder.

    Returns
    -------
    list of Path
        Their files, in order of name.
    """
    return sorted(folder().glob(f"*{SUFFIX}"))


def load(name: str | Path) -> Kit:
    """Load a kit.

    Parameters
    ----------
    name : str or Path
        Its name, or the path to a file that ends in ``.kit``.

    Returns
    -------
    Kit
        The kit.

    Raises
    ------
    KitError
        If it is missing, or cannot be used.
    """
    return read_kit(existing(name))


def existing(name: str | Path) -> Path:
    """Find the file of a kit.

    Parameters
    ----------
    name : str or Path
        Its name, or the path to a file that ends in ``.kit``.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    KitError
        If it is missing; the message names the kits that exist.
    """
    path = place_of(name)
    if not path.exists():
        known = ", ".join(file.stem for file in kit_files())
        there = f"your kits: {known}" if known else "there is none yet; drumscribe finetune makes one"
        raise KitError(f"no kit {str(name)!r}: {there}" if path.parent == folder() else f"{path}: no such kit")
    return path
