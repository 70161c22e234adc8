"""The room of one user: songs, drafts, kits and jobs, and their files."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import DrumscribeError, printable, reason_of
from ..network.model_file import DEFAULT
from .crew import Crew
from .hearing import stamp_of
from .jobs import Jobs
from .journal import Journal, Row, now
from .settings import Settings


class Room:
    """The data of one user in the studio.

    Parameters
    ----------
    settings : Settings
        Settings of the studio.
    folder : Path
        Folder of the user's files.
    crews : dict of str to Crew
        Crews that do the jobs.
    tell : callable
        Receives events for the user's pages: ``{"about": "job" or "song" or ..., ...}``.
    """

    def __init__(self, settings: Settings, folder: Path, crews: dict[str, Crew], tell: Callable[[dict], None]) -> None:
        self.settings, self.folder, self.tell = settings, folder, tell
        self.journal = Journal(folder / "journal.sqlite")
        self.jobs = Jobs(self.journal, crews, self._needs_of, self._finish, self._tell_job, settings.limits.jobs)

    def open(self) -> None:
        """List the recordings of the folder, and resume jobs that had not ended."""
        if self.settings.folder is not None:
            for path in _recordings(self.settings.folder):
                with suppress(Exception):  # unreadable ones are not listed, and must not keep others from it
                    name = printable(path.relative_to(self.settings.folder).as_posix())
                    self.add_song(path, name, uploaded=False)
        self.jobs.resume()

    @property
    def kits(self) -> Path:
        """The folder of kits: the user's own library, or a folder here if the studio is hosted."""
        from ..kits.library import folder

        return self.folder / "kits" if self.settings.hosted else folder()

    def add_song(self, path: Path, name: str, uploaded: bool, sha: str | None = None) -> Row:
        """Add a recording; if it is already listed, read it again where its file has changed.

        Parameters
        ----------
        path : Path
            The recording.
        name : str
            The user's name for it.
        uploaded : bool
            Whether the studio owns the file.
        sha : str or None
            SHA-256 of the file, if known.

        Returns
        -------
        dict
            The song's row.

        Raises
        ------
        DrumscribeError
            If it cannot be read, or is too long.
        """
        found = self.journal.find("songs", path=str(path))
        if found:
            return self._renewed(found[0])
        facts = self._read(path, name)
        song = self.journal.add(
            "songs", name=name, path=str(path), uploaded=int(uploaded), sha=sha, added=now(), **facts
        )
        self.tell({"about": "song", "song": self.shown_song(song)})
        return song

    def _read(self, path: Path, name: str) -> Row:
        """Return what the journal keeps of a recording's file."""
        from ..sound.audio import probe

        stamp, info = stamp_of(path), probe(path)
        if info.duration > self.settings.limits.seconds:
            raise DrumscribeError(f"{name}: lasts longer than {self.settings.limits.seconds / 60:.0f} minutes")
        return {"stamp": stamp, "duration": info.duration, "rate": info.rate, "channels": info.channels}

    def _renewed(self, song: Row) -> Row:
        """Return a song's row, read again if its file has changed; its SHA-256, and so its picture, are then unknown.

        An upload never changes: its name is its SHA-256.
        """
        path = Path(song["path"])
        if song["uploaded"] or stamp_of(path) in (song["stamp"], None):
            return song
        song = self.journal.change("songs", song["id"], sha=None, **self._read(path, song["name"]))
        self.decoded_of(song).unlink(missing_ok=True)
        self.tell({"about": "song", "song": self.shown_song(song)})
        return song

    def remove_song(self, id: int) -> None:
        """Remove a song and its drafts from the list; an uploaded file is deleted, other files stay."""
        song = self.journal.get("songs", id)
        for job in self.journal.open_jobs():
            if job["song"] == id:
                self.jobs.cancel(job["id"])
        self.journal.remove("songs", id)
        self.decoded_of(song).unlink(missing_ok=True)
        if song["uploaded"]:
            Path(song["path"]).unlink(missing_ok=True)
        self.tell({"about": "removed", "song": id})

    def hear(self, song: int, options: dict) -> Row:
        """Queue the transcription of a song, and its picture if there is none.

        Parameters
        ----------
        song : int
            Number of the song.
        options : dict
            The result of `routes.choices.check_hearing`.

        Returns
        -------
        dict
            The job's row.
        """
        row = self._renewed(self.journal.get("songs", song))
        if not self.has_picture(row):
            self.jobs.add("picture", song, {})
        return self.jobs.add("hear", song, options)

    def has_picture(self, song: Row) -> bool:
        """Return whether the picture of a song exists."""
        return song["sha"] is not None and (self._pictures / song["sha"] / "facts.json").exists()

    def picture_of(self, song: Row) -> Path:
        """Return the folder of a song's picture."""
        return self._pictures / (song["sha"] or "none")

    def decoded_of(self, song: Row) -> Path:
        """Return the file for the sound of a song whose recording cannot be played as it is."""
        return self.folder / "decoded" / f"{song['id']}.wav"

    def load_draft(self, draft: Row) -> dict:
        """Load the detected hits, before any edit, of a draft or of a job that transcribed it again (`key`).

        Raises
        ------
        DrumscribeError
            If their file is missing or damaged.
        """
        try:
            return json.loads((self._drafts / f"{draft['key']}.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise DrumscribeError("the hits of this draft are missing: transcribe the song again") from None
        except (OSError, ValueError) as error:
            raise DrumscribeError(f"the hits of this draft cannot be read: {reason_of(error)}") from error

    def shown_song(self, song: Row) -> dict:
        """Return the data of a song for the page."""
        drafts = [self.shown_draft(draft) for draft in self.journal.find("drafts", song=song["id"])]
        shown = {name: song[name] for name in ("id", "name", "duration", "rate", "channels", "uploaded", "added")}
        return {**shown, "drafts": drafts, "picture": self.has_picture(song)}

    def shown_songs(self) -> list[dict]:
        """Return the data of all songs for the page."""
        return [self.shown_song(song) for song in self.journal.find("songs")]

    def shown_draft(self, draft: Row) -> dict:
        """Return the data of a draft for the page."""
        return {name: draft[name] for name in ("id", "song", "label", "position", "made", "facts")}

    @property
    def _pictures(self) -> Path:
        return self.folder / "pictures"

    @property
    def _drafts(self) -> Path:
        return self.folder / "drafts"

    def _needs_of(self, job: Row) -> dict:
        """Return the data for the work of a job."""
        options = dict(job["options"])
        needs: dict[str, Any] = {"options": options, "drafts": str(self._drafts), "pictures": str(self._pictures)}
        needs |= {"samples": str(self.folder / "samples"), "kits": str(self.kits), "runs": str(self.folder / "runs")}
        if job["song"] is not None:
            song = self.journal.get("songs", job["song"])
            needs |= {name: song[name] for name in ("name", "path", "sha", "stamp")} | {"seconds": song["duration"]}
        if job["kind"] in ("hear", "repick") and options.get("kit") and self.settings.hosted:
            options["kit"] = str(self.kits / f"{options['kit']}.kit")
        if job["kind"] == "teach":
            needs["take"] = self._take_of(options)
        return needs

    def _take_of(self, options: dict) -> dict | None:
        """Return the recording and the transcription from which a kit is learned, if it is learned from a song."""
        if not options.get("draft"):
            return None
        draft = self.journal.get("drafts", options["draft"])
        song = self.journal.get("songs", draft["song"])
        edits = self.journal.edits_of(draft["id"])[: draft["position"]]
        return {"recording": song["path"], "draft": self.load_draft(draft), "edits": edits}

    def _finish(self, job: Row, result: Any) -> dict:
        """Store the result of a job, and tell the page."""
        if job["kind"] in ("hear", "picture"):
            song = self.journal.get("songs", job["song"])
            if song["stamp"] == result["stamp"]:  # otherwise the file has changed meanwhile
                song = self.journal.change("songs", job["song"], sha=result["sha"])
            if job["kind"] == "hear":
                result = {"draft": self._add_draft(song, result["key"], job["options"])}
            self.tell({"about": "song", "song": self.shown_song(song)})
        return result

    def _add_draft(self, song: Row, key: str, options: dict) -> int:
        label = " + ".join(filter(None, (Path(options.get("model") or DEFAULT).name, options.get("kit"))))
        with suppress(KeyError):  # it already exists, or the song was removed
            self.journal.add("drafts", song=song["id"], key=key, label=label, facts=options, made=now())
        found = self.journal.find("drafts", song=song["id"], key=key)
        if not found:
            raise DrumscribeError(f"{song['name']}: the song was removed")
        return found[0]["id"]

    def _tell_job(self, job: Row) -> None:
        self.tell({"about": "job", "job": job})


def _recordings(folder: Path) -> list[Path]:
    """Return the recordings in a folder, to any depth, except hidden ones, in order of name."""
    from ..sound.audio import SUFFIXES

    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(place, name) for name in sorted(names) if not name.startswith(".")]
    return [path for path in found if path.suffix.lower() in SUFFIXES]
