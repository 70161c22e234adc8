"""Where kits are kept: in the user's data folder, by name, or in any file."""

from pathlib import Path

from .kit import SUFFIX, Kit, KitError, check_name, read_kit


def folder() -> Path:
    """Where the platform keeps the data of a user's programs."""
    from platformdirs import user_data_path

    return user_data_path("drumscribe", appauthor=False) / "kits"


def place_of(name: str | Path) -> Path:
    """The file of a kit: of its name, or the path that ends in ``.kit``.

    Raises
    ------
    KitError : for what can be neither.
    """
    if str(name).lower().endswith(SUFFIX):
        return Path(name)
    return folder() / f"{check_name(str(name))}{SUFFIX}"


def kit_files() -> list[Path]:
    """The files of the kits in the user's folder, in order of name."""
    return sorted(folder().glob(f"*{SUFFIX}"))


def load(name: str | Path) -> Kit:
    """The kit of a name, or in the file of a path that ends in ``.kit``.

    Raises
    ------
    KitError : where there is none, or it cannot be used.
    """
    return read_kit(existing(name))


def existing(name: str | Path) -> Path:
    """The file of a kit that is there.

    Raises
    ------
    KitError : where there is none, with the names of those that there are.
    """
    path = place_of(name)
    if not path.exists():
        known = ", ".join(file.stem for file in kit_files())
        there = f"there are {known}" if known else "there is none yet; drumscribe finetune makes one"
        raise KitError(f"no kit {str(name)!r}: {there}" if path.parent == folder() else f"{path}: no such kit")
    return path
