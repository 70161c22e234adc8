"""Settings of a studio: its folders, its users, and its limits."""

import hmac
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import DrumscribeError
from ..runtime import available_cores, is_loopback


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits that keep one user from using up the machine.

    Attributes
    ----------
    upload_bytes : int
        Maximum size of an uploaded file in bytes.
    seconds : float
        Maximum length of a recording in seconds.
    jobs : int
        Maximum number of a user's jobs that wait or run.
    """

    upload_bytes: int = 2_000_000_000
    seconds: float = 4 * 3600.0
    jobs: int = 500


HOSTED = Limits(upload_bytes=300_000_000, seconds=1800.0, jobs=20)
"""Limits of a hosted studio, chosen by hand: half an hour of sound, as one uncompressed stereo file."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a studio.

    Attributes
    ----------
    data : Path
        Folder of the journal, uploads and cached results.
    folder : Path or None
        Folder whose recordings are listed at start.
    host, port : str, int
        Address of the server.
    tokens : dict of str to str
        Secret of each user; empty if no token is needed.
    hosted : bool
        Whether each user has a separate folder, and the limits `HOSTED` apply.
    workers : int
        Number of worker processes.

    Raises
    ------
    DrumscribeError
        If the address is not loopback and there is no token.
    """

    data: Path
    folder: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8765
    tokens: dict[str, str] = field(default_factory=dict)
    hosted: bool = False
    workers: int = field(default_factory=lambda: min(2, available_cores()))

    def __post_init__(self) -> None:
        if not self.tokens and (self.hosted or not self.is_local):
            what = "--hosted" if self.hosted else f"--host {self.host}"
            raise DrumscribeError(f"{what} lets other machines connect: give a token, such as --token NAME:SECRET")
        if self.folder is not None and not self.folder.is_dir():
            raise DrumscribeError(f"{self.folder}: no such folder of recordings")

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the studio."""
        return is_loopback(self.host)

    @property
    def limits(self) -> Limits:
        """The limits that apply to each user."""
        return HOSTED if self.hosted else Limits()

    def user_of(self, secret: str) -> str | None:
        """Return the user with this secret, or None."""
        found = [name for name, own in self.tokens.items() if hmac.compare_digest(own.encode(), secret.encode())]
        return found[0] if found else None


def read_token(text: str) -> tuple[str, str]:
    """Parse a user's name and secret, written as ``NAME:SECRET`` or as a secret alone.

    Raises
    ------
    DrumscribeError
        For a name that is unsuitable for a folder, or a secret of fewer than 8 characters.
    """
    name, colon, secret = text.partition(":")
    name, secret = (name, secret) if colon else ("studio", name)
    if not name.replace("-", "").replace("_", "").isalnum() or len(name) > 40:
        raise DrumscribeError(f"--token: {name[:40]!r} cannot be a user's name: use letters, digits, - and _")
    if len(secret) < 8:
        raise DrumscribeError("--token: a secret has at least 8 characters")
    return name, secret
