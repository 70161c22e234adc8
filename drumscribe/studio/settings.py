"""Settings of a studio: where it keeps things, who may use it, and its limits."""

import hmac
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import DrumscribeError
from ..runtime import available_cores

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits that keep one user from taking the whole machine.

    Attributes
    ----------
    upload_bytes : int
        Largest file that may be uploaded.
    seconds : float
        Longest recording that is transcribed.
    jobs : int
        Most jobs that may wait or run for one user.
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
        Folder whose recordings are listed at the start.
    host, port : str, int
        Address to listen on.
    tokens : dict of str to str
        Secret of each user; empty where no token is asked for.
    hosted : bool
        Whether each user gets a folder of their own, with the limits `HOSTED`.
    workers : int
        Worker processes.

    Raises
    ------
    DrumscribeError
        Beyond loopback without a token.
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
            raise DrumscribeError(f"{what} lets others in: give a token, such as --token NAME:SECRET")
        if self.folder is not None and not self.folder.is_dir():
            raise DrumscribeError(f"{self.folder}: no such folder of recordings")

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the studio."""
        return self.host in LOOPBACK

    @property
    def limits(self) -> Limits:
        """The limits of each user."""
        return HOSTED if self.hosted else Limits()

    def user_of(self, secret: str) -> str | None:
        """The user whose secret this is, or None."""
        found = [name for name, own in self.tokens.items() if hmac.compare_digest(own.encode(), secret.encode())]
        return found[0] if found else None


def read_token(text: str) -> tuple[str, str]:
    """A user's name and secret from ``NAME:SECRET``, or from a secret alone.

    Raises
    ------
    DrumscribeError
        For a name that cannot name a folder, or a secret of fewer than 8 characters.
    """
    name, colon, secret = text.partition(":")
    name, secret = (name, secret) if colon else ("studio", name)
    if not name.replace("-", "").replace("_", "").isalnum() or len(name) > 40:
        raise DrumscribeError(f"--token: {name[:40]!r} cannot be a user's name: use letters, digits, - and _")
    if len(secret) < 8:
        raise DrumscribeError("--token: a secret has at least 8 characters")
    return name, secret
