"""How well tempo, beats, bars and meter are found, beside librosa and a constant click.

    python tests/benchmarks/rhythm.py --data ../shared/data --cache DIR [--bench ../shared/bench] [--madmom PYTHON]
        [--details]

Recordings are rendered from the validation split (see `rhythm_clips`) and transcribed once; they stay in --cache.
Some grooves of the dataset were played without regard to the ticks of their files, which are the truth here: the row
"grooves that keep to their ticks" leaves out those whose strokes fall on quarters, eighths and sixteenths no more than
anywhere (`drumscribe.training.rhythm.playing.keeps_time`). "grooves at their own tempo" are not stretched: half and
double tempo are no matter of convention there. "2/4 in 4/4" and "3/4 and 4/4" are strokes of grooves whose meter
changes, not heard. The rows "MDB", "EIF", "E-GMD" and "beatbox" are real recordings in --bench; nearly all of MDB is at
110 BPM in 4/4 from its first beat on, so that a constant click does as well there.

Accuracy1 and Accuracy2 are shares of recordings whose tempo (quarters per minute) is within 4 % of the truth, or of a
third, a half, twice or thrice the truth; "error" is the median error of those right by Accuracy1. F of beats and
downbeats is `mir_eval.beat.f_measure` (+-70 ms), from the first stroke to the last one, the truth being the ticks of
the MIDI. "drumscribe, of the strokes played" is given those in place of a transcription: what it lacks is not due to
hearing. "drumscribe, not cut" is given the transcriptions of loops as if there were silence around them: what it
has less is what the ends of the file tell. "free time" is the share of which no tempo was told: all of what is random
or out of time should be, and nothing else. The click has the median tempo of the rendered grooves (110 BPM on MDB) and
starts at 0, in 4/4; librosa's bars are of four beats, too. madmom hears all of the sound of mixes, too.

A second table has bootstrap intervals. The others say how often the tempo is right where drumscribe is so sure of it,
and how often the bars are (a downbeat F above .9): its confidence and its probability are meant as these shares.
"""

import argparse
import itertools
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is loaded

import numpy as np
import soundfile as sf
from rhythm_clips import Played, play_changes, play_curves, play_grooves, play_loops, play_typed, render

from drumscribe.formats.json_file import read_json, write_json
from drumscribe.music.tempo_map import Meter, TempoMap
from drumscribe.music.transcription import Hit, Transcription
from drumscribe.rhythm import analyse_rhythm
from drumscribe.rhythm.patterns import CLASSES

RATE = 44100
CONFIDENCES = (0.0, 0.6, 0.8, 0.95, 1.01)
SETS = {
    "grooves, typed": ("grooves", "typed"),
    "loops": ("loops",),
    "real, mixes among them": ("MDB", "EIF", "E-GMD", "beatbox"),
}
"""Kinds of recordings whose confidence is compared with how often it is right."""
MULTIPLES = (1 / 3, 1 / 2, 1, 2, 3)
TARGETS = {
    "grooves": "60 | 0.85 | 0.97 | 0.30 % | 0.92 | 0.75 | 0.85 | 0.000",
    "typed, all": "20 |  |  |  |  |  | 0.85 | ",
    "E-GMD": "4 | 1.000 |  |  |  |  |  | ",
    "beatbox": "7 |  | 0.857 |  |  |  |  | ",
}
"""What drumscribe is meant to reach."""
ANCHORED = ("grooves", "MDB mixes", "EIF mixes")
"""What madmom hears, half a minute of work each."""
STROKES = "drumscribe, of the strokes played"
NOT_CUT = "drumscribe, not cut"
ARTICULATION_OF = {
    **dict(zip(CLASSES, CLASSES, strict=True)),
    "ghost": "snare",
    "closed": "hihat_closed",
    "open": "hihat_open",
    "pedal": "hihat_pedal",
    "tom": "tom_low",
}


@dataclass(frozen=True)
class Answer:
    """What a system says of a recording; None or empty where it says nothing."""

    tempo: float | None
    beats: np.ndarray
    downbeats: np.ndarray
    meter: Meter | None
    confidence: float = np.nan
    probability: float = np.nan


@dataclass(frozen=True)
class Recording:
    """A recording, its transcription and its truth, the strokes played among it; what is None is not known of it."""

    kind: str
    name: str
    sound: Path | None
    transcription: Transcription
    truth: Answer
    first: float = 0.0
    last: float = np.inf
    keeps_time: bool = True
    strokes: Transcription | None = None


def answer_of(tempo_map: TempoMap | None, duration: float) -> Answer:
    """What a tempo map says."""
    if tempo_map is None:
        return Answer(None, np.zeros(0), np.zeros(0), None)
    tempo = tempo_map.tempo or float(np.average(tempo_map.tempos(), weights=np.diff(tempo_map.seconds)))
    return Answer(tempo, tempo_map.beats(duration), tempo_map.downbeats(duration), tempo_map.meters[0].meter)


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
        *play_loops(data / "grooves", rng),
        *play_grooves(data / "grooves", 60, np.random.default_rng(7), "grooves at their own tempo"),
    ]
    kits, out = None, []
    for i, p in enumerate(played):
        sound = cache / f"{i:03d}.flac"
        if not sound.exists():
            if kits is None:
                from drumscribe.training.data.sources import read_pieces
                from drumscribe.training.rendering.kits import KitMaker

                kits = KitMaker(read_pieces(data / "oneshots", "validation"))
            sf.write(sound, render(p, kits, np.random.default_rng([7, i])), RATE)
        transcription = transcribe(sound, cache / f"{i:03d}.json", transcriber)
        truth = answer_of(p.tempo_map, p.last)
        if p.tempo_map.tempo is None:
            truth = replace(truth, tempo=None)
        strokes = Transcription(tuple(_hit(*stroke) for stroke in p.strokes), transcription.duration)
        out.append(Recording(p.kind, p.name, sound, transcription, truth, p.first, p.last, p.keeps_time, strokes))
    return out


def _hit(seconds: float, articulation: str, velocity: float) -> Hit:
    return Hit(seconds, articulation, min(127, max(1, round(127 * velocity))))


def changes(data: Path) -> Iterator[Recording]:
    """Strokes whose meter changes."""
    for p in play_changes(data / "grooves", np.random.default_rng(7)):
        strokes = Transcription(tuple(_hit(*stroke) for stroke in p.strokes), p.last + 1.0)
        yield Recording(p.kind, p.name, None, strokes, answer_of(p.tempo_map, p.last), p.first, p.last)


def real(bench: Path, cache: Path, transcriber: list) -> Iterator[Recording]:
    """The recordings of the bench."""
    for name, folder in itertools.product(("MDB", "EIF"), ("drums", "mixes")):
        for sound in sorted((bench / name.lower() / folder).glob("*.flac")):
            kind = name if folder == "drums" else f"{name} mixes"
            beats = np.loadtxt(bench / name.lower() / "beats" / f"{sound.stem}.beats")
            tempo = 60 / np.polyfit(np.arange(len(beats)), beats[:, 0], 1)[0]
            truth = Answer(float(tempo), beats[:, 0], beats[beats[:, 1] == 1, 0], Meter(4, 4))
            heard = transcribe(sound, cache / f"{kind.replace(' ', '-')}-{sound.stem}.json", transcriber)
            yield Recording(kind, sound.stem, sound, heard, truth)
    for kind in ("E-GMD", "beatbox"):
        for sound in sorted((bench / kind.replace("-", "").lower() / "audio").glob("*.flac")):
            words = [word.removesuffix("BPM") for word in sound.stem.split("_")]
            tempo = float(next(word for word in words[1:] if word.isdecimal()))
            transcription = transcribe(sound, cache / f"{kind}-{sound.stem}.json", transcriber)
            yield Recording(kind, sound.stem, sound, transcription, Answer(tempo, np.zeros(0), np.zeros(0), None))


def untimed(data: Path) -> Iterator[Recording]:
    """Hits at random, validation grooves whose beats are 12 % longer or shorter than the one before, and a few seconds
    of hits at random from the first moment on."""
    from drumscribe.training.data.sources import read_grooves
    from drumscribe.training.rhythm.hearing import hear, hear_anything

    rng = np.random.default_rng(7)
    grooves = [g for g in read_grooves(data / "grooves", "validation") if not g.fill and g.bars >= 8]
    nothing = Answer(None, np.zeros(0), np.zeros(0), None)
    for i in range(60):
        random = i % 2 == 0
        heard = hear_anything(rng) if random else hear(grooves[rng.integers(len(grooves))], rng, bend=0.12)
        if heard is not None:
            names = [ARTICULATION_OF[CLASSES[c]] for c in heard.classes]
            velocities = [30 if CLASSES[c] == "ghost" else 90 for c in heard.classes]
            hits = tuple(Hit(*hit) for hit in zip(heard.seconds.tolist(), names, velocities, strict=True))
            kind = "hits at random" if random else "grooves out of time"
            yield Recording(kind, str(i), None, Transcription(hits, float(heard.seconds[-1])), nothing)
    for i in range(60):
        seconds = rng.uniform(1.5, 11.0)
        count = max(6, int(rng.poisson(seconds * rng.uniform(2.0, 9.0))))
        times = np.sort(rng.uniform(0.0, seconds, count))
        names = [ARTICULATION_OF[CLASSES[c]] for c in rng.integers(len(CLASSES), size=count)]
        struck = zip((times - times[0]).tolist(), names, rng.integers(30, 120, count).tolist(), strict=True)
        hits = tuple(Hit(*hit) for hit in struck)
        yield Recording("few hits at random", str(i), None, Transcription(hits, float(seconds)), nothing)


def hear(recording: Recording) -> Answer:
    """This package's answer."""
    rhythm = analyse_rhythm(recording.transcription)
    answer = answer_of(rhythm.tempo_map, recording.transcription.duration)
    return replace(answer, confidence=rhythm.confidence, probability=rhythm.probability)


def hear_in_silence(recording: Recording) -> Answer:
    """This package's answer to the recording with a second and some of silence around it."""
    heard = recording.transcription
    hits = tuple(replace(hit, time=hit.time + 1.0) for hit in heard.hits)
    answer = hear(replace(recording, transcription=Transcription(hits, heard.duration + 2.3)))
    return replace(answer, beats=answer.beats - 1.0, downbeats=answer.downbeats - 1.0)


def hear_librosa(recording: Recording, cache: Path) -> Answer:
    """librosa's answer, with bars of four from its first beat on."""
    cached = _cached(recording, cache, "librosa")
    if not cached.exists():
        import librosa

        samples, rate = librosa.load(recording.sound, sr=22050)
        tempo, beats = librosa.beat.beat_track(y=samples, sr=rate, units="time")
        np.save(cached, np.concatenate([np.atleast_1d(tempo)[:1], beats]))
    tempo, *beats = np.load(cached)
    return Answer(float(tempo), np.array(beats), np.array(beats[::4]), Meter(4, 4))


def hear_madmom(recording: Recording, cache: Path) -> Answer:
    """madmom's answer, which `run_madmom` left in the cache."""
    seconds, numbers = np.load(_cached(recording, cache, "madmom")).T
    tempo = 60 / np.median(np.diff(seconds))
    return Answer(float(tempo), seconds, seconds[numbers == 1], Meter(int(numbers.max()), 4))


def run_madmom(interpreter: str, recordings: list[Recording], cache: Path) -> None:
    """Let madmom hear the recordings of `ANCHORED` that the cache has no answer to."""
    missing = [(r.sound, _cached(r, cache, "madmom")) for r in recordings if r.kind in ANCHORED]
    paths = [str(path) for pair in missing if not pair[1].exists() for path in pair]
    if paths:
        script = Path(__file__).parent / "madmom_beats.py"
        subprocess.run([interpreter, str(script), *paths], check=True)


def _cached(recording: Recording, cache: Path, system: str) -> Path:
    kind = recording.kind.replace(" ", "-").replace("/", "-")
    return cache / f"{kind}-{recording.sound.stem}.{system}.npy"


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
    free_time: float


def score(answer: Answer, recording: Recording) -> Score:
    """Compare an answer with the truth."""
    truth = recording.truth
    right = multiple = error = np.nan
    if truth.tempo is not None:
        ratio = (answer.tempo or np.inf) / truth.tempo
        right, multiple = (float(any(abs(ratio / m - 1) <= 0.04 for m in factors)) for factors in ((1,), MULTIPLES))
        error = abs(ratio - 1) if right else np.nan
    beat_f, downbeat_f = (
        f_measure(*(times[(times >= recording.first) & (times <= recording.last)] for times in pair))
        for pair in ((truth.beats, answer.beats), (truth.downbeats, answer.downbeats))
    )
    meter = np.nan if truth.meter is None else float(answer.meter == truth.meter)
    return Score(right, multiple, error, beat_f, downbeat_f, meter, float(answer.tempo is None))


def f_measure(true: np.ndarray, found: np.ndarray) -> float:
    """`mir_eval.beat.f_measure`, NaN where there is nothing to find."""
    import mir_eval

    if not len(true):
        return np.nan
    return mir_eval.beat.f_measure(true, found) if len(found) else 0.0


def row(kind: str, system: str, scores: list[Score]) -> str:
    """A Markdown row of the means, and of the median error."""
    cells = []
    for field in fields(Score):
        values = np.array([getattr(s, field.name) for s in scores])
        values = values[~np.isnan(values)]
        text = f"{100 * np.median(values):.2f} %" if field.name == "error" and len(values) else ""
        cells.append(text or (f"{values.mean():.3f}" if len(values) else ""))
    return f"| {' | '.join([kind, system, str(len(scores)), *cells])} |"


def print_table(recordings: list[Recording], systems: dict[str, Callable[[Recording], Answer]], details: bool) -> None:
    """Print a row for each kind of recording and system."""
    print("| recordings | system | n | Accuracy1 | Accuracy2 | error | beat F | downbeat F | meter | free time |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    kinds = {kind: [r for r in recordings if r.kind == kind] for kind in dict.fromkeys(r.kind for r in recordings)}
    kinds["grooves that keep to their ticks"] = [r for r in recordings if r.kind == "grooves" and r.keeps_time]
    kinds["typed, all"] = [r for r in recordings if r.kind.startswith("typed")]
    for kind, group in kinds.items():
        if kind in TARGETS:
            print(f"| {kind} | target | {TARGETS[kind]} |")
        for system, answer in systems.items():
            if group[0].sound is None and system != "drumscribe":
                continue
            if system == "madmom" and kind not in ANCHORED:
                continue
            if (group[0].strokes is None and system == STROKES) or (kind != "loops" and system == NOT_CUT):
                continue
            answers = [answer(recording) for recording in group]
            scores = [score(a, r) for a, r in zip(answers, group, strict=True)]
            print(row(kind, system, scores), flush=True)
            if details and system == "drumscribe":
                for r, a, s in zip(group, answers, scores, strict=True):
                    if not (s.beat_f >= 0.9 and s.downbeat_f >= 0.9 and s.meter == 1):
                        print(f"    {r.name}, {r.truth.meter}: heard {a.tempo} {a.meter}; {s}")


def print_intervals(recordings: list[Recording]) -> None:
    """Print what sets of other recordings of the same kinds may give: intervals that hold in 95 of 100 bootstraps."""
    print("\n| recordings | n | Accuracy1 | beat F | downbeat F |\n| --- | --- | --- | --- | --- |")
    rng = np.random.default_rng(0)
    for kind in dict.fromkeys(r.kind for r in recordings if len(r.truth.beats)):
        scores = [score(hear(r), r) for r in recordings if r.kind == kind]
        cells = []
        for name in ("accuracy1", "beat_f", "downbeat_f"):
            values = np.array([getattr(s, name) for s in scores])
            means = values[rng.integers(len(values), size=(2000, len(values)))].mean(axis=1)
            between = np.percentile(means, [2.5, 97.5])
            cells.append("" if np.isnan(means[0]) else "{:.2f} to {:.2f}".format(*between))
        print(f"| {kind} | {len(scores)} | {' | '.join(cells)} |")


def print_reliability(recordings: list[Recording]) -> None:
    """Print how often tempo and bars are right where it is so sure."""
    heard = [(r, hear(r)) for r in recordings if r.truth.tempo is not None and r.sound is not None]
    scored = [(r.kind, answer, score(answer, r)) for r, answer in heard if answer.tempo]
    for heading, right in (("confidence of the tempo", "Accuracy1"), ("probability of the reading", "bars right")):
        print(f"\n| recordings | {heading} | n | mean | {right} |\n| --- | --- | --- | --- | --- |")
        for name, kinds in SETS.items():
            rows = [
                (answer.confidence, s.accuracy1) if right == "Accuracy1" else (answer.probability, s.downbeat_f > 0.9)
                for kind, answer, s in scored
                if kind.startswith(kinds) and not np.isnan(s.accuracy1 if right == "Accuracy1" else s.downbeat_f)
            ]
            sure, correct = np.array(rows or [(np.nan, np.nan)]).T
            for low, high in itertools.pairwise(CONFIDENCES):
                inside = (sure >= low) & (sure < high)
                if inside.any():
                    cells = f"{inside.sum()} | {sure[inside].mean():.2f} | {correct[inside].mean():.2f}"
                    print(f"| {name} | {low:.2f} to {min(high, 1.0):.2f} | {cells} |")


def main() -> None:
    """Make or read the recordings, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--bench", type=Path)
    parser.add_argument("--madmom", metavar="PYTHON", help="an interpreter with madmom, see madmom_beats.py")
    parser.add_argument("--details", action="store_true", help="also say where it went wrong")
    arguments = parser.parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    transcriber: list = []
    recordings = rendered(arguments.data, arguments.cache, transcriber)
    if arguments.bench:
        recordings += real(arguments.bench, arguments.cache, transcriber)
    recordings += [*changes(arguments.data), *untimed(arguments.data)]
    median = float(np.median([r.truth.tempo for r in recordings if r.kind == "grooves"]))
    systems = {
        "drumscribe": hear,
        STROKES: lambda r: hear(replace(r, transcription=r.strokes)),
        NOT_CUT: hear_in_silence,
        "librosa": lambda r: hear_librosa(r, arguments.cache),
        "constant click": lambda r: click(110.0 if r.kind.startswith("MDB") else median, r),
    }
    if arguments.madmom:
        run_madmom(arguments.madmom, recordings, arguments.cache)
        systems["madmom"] = lambda r: hear_madmom(r, arguments.cache)
    print_table(recordings, systems, arguments.details)
    print_intervals(recordings)
    print_reliability(recordings)


if __name__ == "__main__":
    main()
