"""The room of one user: songs, drafts, kits and jobs, and the files that they are made of."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import DrumscribeError
from ..network.model_file import DEFAULT
from .crew import Crew
from .jobs import Jobs
from .journal import Journal, Row, now
from .settings import Settings


class Room:
    """What one user has in the studio.

    Parameters
    ----------
    settings : Settings
        Of the studio.
    folder : Path
        Where the user's files are.
    crews : dict of str to Crew
        Who does the jobs.
    tell : callable
        Takes an event for the user's pages: ``{"about": "job" or "song" or ..., ...}``.
    """

    def __init__(self, settings: Settings, folder: Path, crews: dict[str, Crew], tell: Callable[[dict], None]) -> None:
        self.settings, self.folder, self.tell = settings, folder, tell
        self.journal = Journal(folder / "journal.sqlite")
        self.jobs = Jobs(self.journal, crews, self._needs_of, self._finish, self._tell_job, settings.limits.jobs)

    def open(self) -> None:
        """List the folder's recordings, and take up the jobs that were left."""
        if self.settings.folder is not None:
            for path in _recordings(self.settings.folder):
                with suppress(DrumscribeError):  # one that cannot be read is not listed
                    self.add_song(path, path.relative_to(self.settings.folder).as_posix(), uploaded=False)
        self.jobs.resume()

    @property
    def kits(self) -> Path:
        """Where kits are: the user's own library, or a folder here if the studio is hosted."""
        from ..kits.library import folder

        return self.folder / "kits" if self.settings.hosted else folder()

    def add_song(self, path: Path, name: str, uploaded: bool, sha: str | None = None) -> Row:
        """Add a recording, unless it is there.

        Parameters
        ----------
        path : Path
            The recording.
        name : str
            What the user calls it.
        uploaded : bool
            Whether the studio owns the file.
        sha : str or None
            SHA-256 of the file, where it is known.

        Returns
        -------
        dict
            The song's row.

        Raises
        ------
        DrumscribeError
            Where it cannot be read, or is too long.
        """
        found = self.journal.find("songs", path=str(path))
        if found:
            return found[0]
        from ..sound.audio import probe

        info = probe(path)
        if info.duration > self.settings.limits.seconds:
            raise DrumscribeError(f"{name}: lasts longer than {self.settings.limits.seconds / 60:.0f} minutes")
        facts = {"duration": info.duration, "rate": info.rate, "channels": info.channels}
        song = self.journal.add(
            "songs", name=name, path=str(path), uploaded=int(uploaded), sha=sha, added=now(), **facts
        )
        self.tell({"about": "song", "song": self.shown_song(song)})
        return song

    def remove_song(self, id: int) -> None:
        """Take a song from the list, with its drafts; a file that was uploaded is deleted, others stay."""
        song = self.journal.get("songs", id)
        for job in self.journal.open_jobs():
            if job["song"] == id:
                self.jobs.cancel(job["id"])
        self.journal.remove("songs", id)
        if song["uploaded"]:
            Path(song["path"]).unlink(missing_ok=True)
        self.tell({"about": "removed", "song": id})

    def hear(self, song: int, options: dict) -> Row:
        """Queue a song to be transcribed, and its picture if there is none.

        Parameters
        ----------
        song : int
            Number of the song.
        options : dict
            As `routes.choices.check_hearing` gives them.

        Returns
        -------
        dict
            The job's row.
        """
        row = self.journal.get("songs", song)
        if not self.has_picture(row):
            self.jobs.add("picture", song, {})
        return self.jobs.add("hear", song, options)

    def has_picture(self, song: Row) -> bool:
        """Whether the picture of a song is drawn."""
        return song["sha"] is not None and (self._pictures / song["sha"] / "facts.json").exists()

    def picture_of(self, song: Row) -> Path:
        """The folder of a song's picture."""
        return self._pictures / (song["sha"] or "none")

    def load_draft(self, draft: Row) -> dict:
        """What was heard, before any edit; of a draft, or of a job that heard it anew (`key`)."""
        return json.loads((self._drafts / f"{draft['key']}.json").read_text(encoding="utf-8"))

    def shown_song(self, song: Row) -> dict:
        """What the page is to know of a song."""
        drafts = [self.shown_draft(draft) for draft in self.journal.find("drafts", song=song["id"])]
        shown = {name: song[name] for name in ("id", "name", "duration", "rate", "channels", "uploaded", "added")}
        return {**shown, "drafts": drafts, "picture": self.has_picture(song)}

    def shown_songs(self) -> list[dict]:
        """What the page is to know of all songs."""
        return [self.shown_song(song) for song in self.journal.find("songs")]

    def shown_draft(self, draft: Row) -> dict:
        """What the page is to know of a draft."""
        return {name: draft[name] for name in ("id", "song", "label", "position", "made", "facts")}

    @property
    def _pictures(self) -> Path:
        return self.folder / "pictures"

    @property
    def _drafts(self) -> Path:
        return self.folder / "drafts"

    def _needs_of(self, job: Row) -> dict:
        """What the work of a job needs."""
        options = dict(job["options"])
        needs: dict[str, Any] = {"options": options, "drafts": str(self._drafts), "pictures": str(self._pictures)}
        needs |= {"samples": str(self.folder / "samples"), "kits": str(self.kits), "runs": str(self.folder / "runs")}
        if job["song"] is not None:
            song = self.journal.get("songs", job["song"])
            needs |= {"name": song["name"], "path": song["path"], "sha": song["sha"], "seconds": song["duration"]}
        if job["kind"] in ("hear", "repick") and options.get("kit") and self.settings.hosted:
            options["kit"] = str(self.kits / f"{options['kit']}.kit")
        if job["kind"] == "teach":
            needs["take"] = self._take_of(options)
        return needs

    def _take_of(self, options: dict) -> dict | None:
        """The recording and the transcription that a kit is learned from, if it is learned from one."""
        if not options.get("draft"):
            return None
        draft = self.journal.get("drafts", options["draft"])
        song = self.journal.get("songs", draft["song"])
        edits = self.journal.edits_of(draft["id"])[: draft["position"]]
        return {"recording": song["path"], "draft": self.load_draft(draft), "edits": edits}

    def _finish(self, job: Row, result: Any) -> dict:
        """Keep what came of a job, and tell the page."""
        if job["kind"] in ("hear", "picture"):
            song = self.journal.change("songs", job["song"], sha=result["sha"])
            if job["kind"] == "hear":
                result = {"draft": self._add_draft(song, result["key"], job["options"])}
            self.tell({"about": "song", "song": self.shown_song(song)})
        return result

    def _add_draft(self, song: Row, key: str, options: dict) -> int:
        label = " + ".join(filter(None, (Path(options.get("model") or DEFAULT).name, options.get("kit"))))
        with suppress(KeyError):  # it is there already, or the song was removed
            self.journal.add("drafts", song=song["id"], key=key, label=label, facts=options, made=now())
        found = self.journal.find("drafts", song=song["id"], key=key)
        if not found:
            raise DrumscribeError(f"{song['name']}: the song was removed")
        return found[0]["id"]

    def _tell_job(self, job: Row) -> None:
        self.tell({"about": "job", "job": job})


def _recordings(folder: Path) -> list[Path]:
    """The recordings in a folder, searched to any depth, hidden ones left out, in order of name."""
    from ..sound.audio import SUFFIXES

    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(place, name) for name in sorted(names) if not name.startswith(".")]
    return [path for path in found if path.suffix.lower() in SUFFIXES]
