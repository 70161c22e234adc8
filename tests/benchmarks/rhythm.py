"""How well tempo, beats, bars and meter are found, beside librosa and a constant click.

    python tests/benchmarks/rhythm.py --data ../shared/data --cache DIR [--bench ../shared/bench] [--failures]

Recordings are rendered from the validation split (see `rhythm_clips`) and transcribed once; they stay in --cache.
The rows "MDB", "E-GMD" and "beatbox" are real recordings in --bench; nearly all of MDB is at 110 BPM in 4/4 from its
first beat on, so that a constant click does as well there.

Accuracy1 and Accuracy2 are shares of recordings whose tempo (quarters per minute) is within 4 % of the truth, or of a
third, a half, twice or thrice the truth; "error" is the median error of those right by Accuracy1. Of recordings whose
tempo changes the median tempo counts. F of beats and downbeats is `mir_eval.beat.f_measure` (+-70 ms), from the first
stroke to the last one, the truth being the ticks of the MIDI. The click has the median tempo of the
rendered recordings (110 BPM on MDB) and starts at 0, in 4/4; so do librosa's bars.
"""

import argparse
import csv
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is loaded

import numpy as np
import soundfile as sf
from rhythm_clips import Played, play_curves, play_grooves, play_typed, render

from drumscribe.export import read_json, write_json
from drumscribe.hits import Transcription
from drumscribe.rhythm import Meter, TempoMap, analyse_rhythm

RATE = 44100
MULTIPLES = (1 / 3, 1 / 2, 1, 2, 3)


@dataclass(frozen=True)
class Answer:
    """What a system says of a recording; None or empty where it says nothing."""

    tempo: float | None
    beats: np.ndarray
    downbeats: np.ndarray
    meter: Meter | None


@dataclass(frozen=True)
class Recording:
    """A recording, its transcription and its truth; what is None is not known of it."""

    kind: str
    name: str
    sound: Path
    transcription: Transcription
    truth: Answer
    first: float = 0.0
    last: float = np.inf


def answer_of(tempo_map: TempoMap | None, duration: float) -> Answer:
    """What a tempo map says."""
    if tempo_map is None:
        return Answer(None, np.zeros(0), np.zeros(0), None)
    tempo = tempo_map.tempo or float(np.median(60 * 1 / np.diff(tempo_map.seconds_at(_quarters(tempo_map, duration)))))
    return Answer(tempo, tempo_map.beats(duration), tempo_map.downbeats(duration), tempo_map.meters[0].meter)


def _quarters(tempo_map: TempoMap, duration: float) -> np.ndarray:
    return np.arange(*np.floor(tempo_map.quarters_at(np.array([0.0, duration]))) + [0, 1])


def transcribe(sound: Path, cached: Path, transcriber: list) -> Transcription:
    """The transcription of a recording, from the cache if it is there."""
    if not cached.exists():
        if not transcriber:
            from drumscribe import Transcriber

            transcriber.append(Transcriber())
        write_json(transcriber[0].transcribe_file(sound), cached)
    return read_json(cached)


def rendered(data: Path, cache: Path, transcriber: list) -> list[Recording]:
    """The recordings made of the validation split."""
    rng = np.random.default_rng(7)
    played: list[Played] = [
        *play_grooves(data / "grooves", 60, rng),
        *play_typed(rng),
        *play_curves(data / "grooves", rng),
    ]
    kits, out = None, []
    for i, p in enumerate(played):
        sound = cache / f"{i:03d}.flac"
        if not sound.exists():
            if kits is None:
                from drumscribe.training.kits import KitMaker
                from drumscribe.training.sources import read_pieces

                kits = KitMaker(read_pieces(data / "oneshots", "validation"))
            sf.write(sound, render(p, kits, np.random.default_rng([7, i])), RATE)
        transcription = transcribe(sound, cache / f"{i:03d}.json", transcriber)
        truth = answer_of(p.tempo_map, p.last)
        out.append(Recording(p.kind, p.name, sound, transcription, truth, p.first, p.last))
    return out


def real(bench: Path, cache: Path, transcriber: list) -> list[Recording]:
    """The recordings of the bench."""
    out = []
    for kind, folder in (("MDB", "mdb/drums"), ("E-GMD", "egmd/audio"), ("beatbox", "beatbox/audio")):
        for sound in sorted((bench / folder).glob("*.flac")):
            transcription = transcribe(sound, cache / f"{kind}-{sound.stem}.json", transcriber)
            if kind == "MDB":
                name = next(
                    (bench / "mdb/beats").glob(f"*{sound.stem.split('_')[-2] if '_' in sound.stem else sound.stem}*")
                )
                rows = np.loadtxt(name)
                tempo = 60 / float(np.median(np.diff(rows[:, 0])))
                truth = Answer(tempo, rows[:, 0], rows[rows[:, 1] == 1, 0], Meter(4, 4))
                out.append(Recording(kind, sound.stem, sound, transcription, truth))
                continue
            digits = [part.removesuffix("BPM") for part in sound.stem.split("_")]
            tempo = float(next(d for d in digits[1:] if d.isdecimal()))
            truth = Answer(tempo, np.zeros(0), np.zeros(0), None)
            out.append(Recording(kind, sound.stem, sound, transcription, truth))
    return out


def hear(recording: Recording) -> Answer:
    """This package's answer."""
    rhythm = analyse_rhythm(recording.transcription)
    return answer_of(rhythm.tempo_map, recording.transcription.duration)


def hear_librosa(recording: Recording, cache: Path) -> Answer:
    """librosa's answer, with bars of four from its first beat on."""
    cached = cache / f"{recording.kind.split()[0]}-{recording.sound.stem}.librosa.npy"
    if not cached.exists():
        import librosa

        samples, rate = librosa.load(recording.sound, sr=22050)
        tempo, beats = librosa.beat.beat_track(y=samples, sr=rate, units="time")
        np.save(cached, np.concatenate([np.atleast_1d(tempo)[:1], beats]))
    tempo, *beats = np.load(cached)
    return Answer(float(tempo), np.array(beats), np.array(beats[::4]), Meter(4, 4))


def click(tempo: float, recording: Recording) -> Answer:
    """A constant click."""
    return answer_of(TempoMap.steady(tempo), recording.transcription.duration)


@dataclass(frozen=True)
class Score:
    """Figures of one answer; NaN where the truth is not known."""

    accuracy1: float
    accuracy2: float
    error: float
    beat_f: float
    downbeat_f: float
    meter: float


def score(answer: Answer, recording: Recording) -> Score:
    """Compare an answer with the truth."""
    import mir_eval

    truth = recording.truth
    ratio = (answer.tempo or np.inf) / truth.tempo
    right = abs(ratio - 1) <= 0.04
    figures = [
        float(right),
        float(any(abs(ratio / m - 1) <= 0.04 for m in MULTIPLES)),
        abs(ratio - 1) if right else np.nan,
    ]
    for name in ("beats", "downbeats"):
        found, true = (
            a[(a >= recording.first) & (a <= recording.last)] for a in (getattr(answer, name), getattr(truth, name))
        )
        figures.append(
            mir_eval.beat.f_measure(true, found) if len(true) and len(found) else 0.0 if len(true) else np.nan
        )
    meter = np.nan if truth.meter is None else float(answer.meter == truth.meter)
    return Score(*figures, meter)


def table(recordings: list[Recording], systems: dict, failures: bool) -> None:
    """Print a Markdown row for each kind of recording and system."""
    print("| recordings | system | n | Accuracy1 | Accuracy2 | error | beat F | downbeat F | meter |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    kinds = list(dict.fromkeys(r.kind for r in recordings))
    groups = {kind: [r for r in recordings if r.kind == kind] for kind in kinds}
    groups["typed, all"] = [r for r in recordings if r.kind.startswith("typed")]
    for kind, group in groups.items():
        for system, hear_it in systems.items():
            scores = [score(hear_it(r), r) for r in group]
            columns = {n: np.array([getattr(s, n) for s in scores]) for n in Score.__dataclass_fields__}
            cells = [
                ""
                if np.isnan(c).all()
                else f"{100 * np.nanmedian(c):.2f} %"
                if n == "error"
                else f"{np.nanmean(c):.3f}"
                for n, c in columns.items()
            ]
            print(f"| {kind} | {system} | {len(group)} | {' | '.join(cells)} |", flush=True)
            if failures and system == "drumscribe" and kind != "typed, all":
                for r, s in zip(group, scores, strict=True):
                    if (
                        min(
                            s.accuracy1,
                            s.beat_f if s.beat_f == s.beat_f else 1,
                            s.downbeat_f if s.downbeat_f == s.downbeat_f else 1,
                        )
                        < 0.8
                        or s.meter == 0
                    ):
                        a = hear_it(r)
                        print(f"    {r.name}: {r.truth.tempo:.1f} {r.truth.meter}; found {a.tempo} {a.meter}, {s}")


def main() -> None:
    """Make or read the recordings, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--bench", type=Path)
    parser.add_argument("--failures", action="store_true", help="also say where it went wrong")
    arguments = parser.parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    transcriber: list = []
    recordings = rendered(arguments.data, arguments.cache, transcriber)
    if arguments.bench:
        recordings += real(arguments.bench, arguments.cache, transcriber)
    median = float(np.median([r.truth.tempo for r in recordings if r.kind == "grooves"]))
    systems = {
        "drumscribe": hear,
        "librosa": lambda r: hear_librosa(r, arguments.cache),
        "constant click": lambda r: click(110.0 if r.kind == "MDB" else median, r),
    }
    table(recordings, systems, arguments.failures)


if __name__ == "__main__":
    main()
