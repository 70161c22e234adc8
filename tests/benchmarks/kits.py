"""What a kit of a player's own sounds brings: simulated players, other kits, beatboxing, tapping, curves, and costs.

    python tests/benchmarks/kits.py --data DIR --cache DIR [--bench DIR] [--part players]...
    python tests/benchmarks/kits.py --bench DIR --part rotations        # the quick one: a minute of CPU

DIR of --data holds one-shots and grooves; all players are made of held-out ones. A player is of one of three kinds:
`found`, who plays every drum on some other percussion (claps, cowbells, side sticks, toms ...), retuned by up to 5
semitones; `machine`, whose electronic kit is retuned by up to 6 semitones, each piece of it driven into distortion; and
`lo-fi`, whose kit is heard through a narrow band, saturated and crushed to 4 to 7 bits. Of `--pool` players those ten
are taken that the shipped model hears worst in a trial groove, which is not counted: 4, 3 and 3 of the three kinds.
Each gives 10 samples of every piece and plays two other grooves; where a piece was recorded more than once, samples and
performance take different recordings, and each stroke is retuned, coloured and, if soft, dulled differently. Strokes
softer than 20/127 need not be heard.

Beatbox: enrolled on the first 4 hits of each sound of one clip (fewer where it has fewer), scored on the rest of that
clip and on the other clips, each clip in turn; micro F of kick, snare and hihat. Taps: two kinds of fingertap, enrolled
on one recording each, scored on the other two, one after the other. `live` is beatbox and real taps again, as streams,
with kits for them. Every other figure is on rendered sound.

Rotations: every clip of three beatboxers in turn, enrolled on its first `--count` strokes of each sound (of more than
4, on those of the clips that follow, too), as they were cut out, and scored on the player's other clips; beside them
the same of `--mouths` simulated beatboxers (see mouths.py; the method was chosen on those of --mouths-from 0, and those
from 16 on are others). The table begins with the kit that helps least; "promised" is what `finetune` says. Tempo: what
each clip of the first beatboxer is said to have, with kits of his other clips.
"""

import argparse
import csv
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
from drumscribe.training.data.sources import RATE, read_grooves, read_pieces
from drumscribe.training.decisions.weights import AUDIBLE, count_matches
from drumscribe.training.rendering.clips import Studio
from drumscribe.training.rendering.kits import KitMaker
from drumscribe.training.rendering.performances import render_drums
from drumscribe.training.rendering.production import produce_drums
from drumscribe.training.rendering.scores import GrooveBook, Score
from mouths import Mouth

from drumscribe import Transcriber
from drumscribe.finetune.background import load_background
from drumscribe.finetune.conclusion import Lesson
from drumscribe.finetune.learners import open_learner
from drumscribe.finetune.lesson import learn
from drumscribe.finetune.naming import Naming
from drumscribe.finetune.samples import SoundSamples
from drumscribe.finetune.strokes import Sample, cut
from drumscribe.kits.kit import Kit
from drumscribe.music.drums import ARTICULATION_BY_NAME, FIVE_CLASSES
from drumscribe.network.model_file import DEFAULT_LIVE, model_file
from drumscribe.sound.audio import load
from drumscribe.stream import Engine
from drumscribe.synthesis.augmentation import AUGMENTATIONS, AugmentSettings, Range, augment_shot
from drumscribe.synthesis.effects import band_limits, change_pitch, coloured_noise, equalise, reverberate, saturate
from drumscribe.synthesis.one_shots import OneShot

KINDS = {"found": 4, "machine": 3, "lo-fi": 3}
"""Players of each kind."""
PARTS = ("rotations", "tempo", "players", "others", "curve", "beatbox", "taps", "live", "cost")
BEATBOX = ("kick", "snare", "hihat")
_HAND = AugmentSettings(pitch=Range(1.0, -0.3, 0.3), equalise=Range(1.0, 0.3, 1.5)).without(
    *(name for name in AUGMENTATIONS if name not in ("pitch", "equalise"))
)
_SOFT_HZ, _SOFT_DB = np.array([200.0, 1500.0, 6000.0, 14000.0]), np.array([0.0, -3.0, -9.0, -14.0])

Strokes = Sequence[tuple[float, str, float]]
"""Times, sounds and velocities (0 to 1)."""


@dataclass
class Counts:
    """Of hits right, wrong and missing."""

    right: int = 0
    wrong: int = 0
    missing: int = 0

    def add(self, played: Strokes, heard: Sequence[tuple[float, str]], classes: Sequence[str], tolerance=0.05) -> None:
        for name in classes:
            own = sorted((time, velocity) for time, sound, velocity in played if sound == name)
            times, audible = np.array([t for t, _ in own]), np.array([v >= AUDIBLE for _, v in own], bool)
            found, used = count_matches(times, np.sort([t for t, sound in heard if sound == name]), tolerance)
            self.right += int((found & audible).sum())
            self.wrong += int((~used).sum())
            self.missing += int((~found & audible).sum())

    @property
    def f(self) -> float:
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missing)


def _normalised(samples: np.ndarray) -> np.ndarray:
    return (samples / max(float(np.max(np.abs(samples), initial=0.0)), 1e-6)).astype(np.float32)


class Player:
    """Somebody with a kit and a room of their own."""

    def __init__(self, kind: str, pieces, maker: KitMaker, rng: np.random.Generator) -> None:
        self.kind, self._seed = kind, int(rng.integers(1 << 30))
        outside = [p for p in pieces if p.role in ("percussion", "clap", "side_stick", "tom", "ride_bell")]
        kit = maker.make(rng, kind == "machine" or (kind == "lo-fi" and rng.random() < 0.4))
        things = [shot for piece in outside for shot in piece.strokes[:: max(1, len(piece.strokes) // 6)]]
        order = rng.permutation(len(things))
        self._pieces = {}
        for number, role in enumerate(ARTICULATION_BY_NAME):
            drum, ratio, drive = kit[role], 1.0, 1.0
            strokes = list(drum.strokes)
            if kind == "found":  # one recording each: those of one name may be of different things
                strokes, ratio = [things[order[number]]], 2.0 ** (rng.uniform(-5, 5) / 12)
            elif kind == "machine":
                ratio, drive = 2.0 ** (rng.uniform(-6, 6) / 12), float(np.exp(rng.uniform(0, 3)))
            shots = []
            for shot in strokes:
                samples = change_pitch(shot.samples, ratio)[: 2 * RATE] if ratio != 1.0 else shot.samples
                shots.append(OneShot(saturate(samples, drive) if drive > 1 else samples, round(shot.onset / ratio)))
            self._pieces[role] = shots, drum.gain, drum.curve

    def _stroke(self, role: str, half: int, rng: np.random.Generator) -> OneShot:
        shots = self._pieces[role][0]
        shots = shots[half::2] if len(shots) > 1 else shots
        shot = augment_shot(shots[rng.integers(len(shots))], RATE, rng, _HAND)
        return OneShot(_normalised(shot.samples), shot.onset)

    def _record(self, sound: np.ndarray) -> np.ndarray:
        rng = np.random.default_rng(self._seed)
        sound = produce_drums(sound, rng)
        if self.kind == "lo-fi":
            sound = equalise(sound, RATE, *band_limits(rng.uniform(80, 300), rng.uniform(2500, 6000), 24))
            sound = _normalised(saturate(sound, float(rng.uniform(1, 4))))
            steps = 2.0 ** rng.uniform(4, 7)
            sound = np.round(sound * steps) / steps
        return _normalised(sound)

    def samples(self, role: str, count: int, rng: np.random.Generator) -> SoundSamples:
        """Some samples of a piece."""
        kept = []
        for number in range(count):
            shot = self._stroke(role, 0, rng)
            gain = np.float32(10.0 ** (rng.uniform(-9.0, 0.0) / 20.0))
            rest = np.zeros(2000, np.float32), np.zeros(9000, np.float32)
            sound = self._record(np.concatenate([rest[0], shot.samples[: round(1.8 * RATE)] * gain, rest[1]]))
            kept.append(Sample(f"{role} {number}", OneShot(sound, shot.onset + 2000)))
        return SoundSamples(role, kept)

    def perform(self, book: GrooveBook, rng: np.random.Generator, seconds: float) -> tuple[np.ndarray, Score]:
        """A groove."""
        score = book.draw(rng, seconds, (0.85, 1.2))

        class Piece:
            def __init__(piece, role: str) -> None:  # noqa: N805
                piece.role = role

            def stroke(piece, velocity: float, rng: np.random.Generator) -> tuple[OneShot, float]:  # noqa: N805
                _, gain, curve = self._pieces[piece.role]
                shot, softness = self._stroke(piece.role, 1, rng), max(0.0, 1.0 - 1.2 * velocity)
                sound = equalise(shot.samples, RATE, _SOFT_HZ, _SOFT_DB * softness) if softness else shot.samples
                return OneShot(_normalised(sound), shot.onset), gain * velocity**curve

        sound = render_drums(score, {role: Piece(role) for role in self._pieces}, rng, seconds)
        sound = 0.6 * self._record(_normalised(sound)) + 2e-4 * coloured_noise(rng, len(sound), 3.0)
        return sound.astype(np.float32), score


def played_in(score: Score) -> Strokes:
    """The strokes of a score, as instruments."""
    columns = score.times.tolist(), score.roles, score.velocities.tolist()
    return [(time, ARTICULATION_BY_NAME[role].instrument, v) for time, role, v in zip(*columns, strict=True)]


class Lab:
    """What all parts need: what learns and hears recordings or, if `live`, streams."""

    def __init__(self, data: Path | None, cache: Path | None, live: bool = False) -> None:
        model = model_file(DEFAULT_LIVE if live else None)
        self.plain, self.learner = None if live else Transcriber(), open_learner(model)
        self._background = load_background(model, self.learner.info)
        self.data, self.cache = data, cache

    def learn(self, samples: Sequence[SoundSamples], only: bool = False) -> Lesson:
        return learn(samples, self.learner, self._background, Naming("bench", "a benchmark", {}, only))

    def hear(self, sound: np.ndarray, kit: Kit | None = None) -> list[tuple[float, str]]:
        if self.plain is None:
            return self._hear_live(sound, kit)
        transcriber = self.plain if kit is None else Transcriber(kit=kit)
        return [(hit.time, hit.instrument) for hit in transcriber.transcribe_array(sound, RATE).hits]

    def _hear_live(self, sound: np.ndarray, kit: Kit | None) -> list[tuple[float, str]]:
        engine = Engine(kit=kit, threaded=False)
        engine.prepare(RATE, 4096, 1)
        hits = [hit for start in range(0, len(sound), 4096) for hit in engine.process(sound[start : start + 4096])]
        return [(hit.sample / RATE, hit.instrument) for hit in [*hits, *engine.flush()]]


def make_players(lab: Lab, pool: int, split: str = "validation"):
    """The players that the model hears worst: with samples of 30 strokes, and two performances."""
    pieces = read_pieces(lab.data / "oneshots", split)
    maker, book = KitMaker(pieces), GrooveBook(read_grooves(lab.data / "grooves", split))
    trials = []
    for number in range(pool):
        rng = np.random.default_rng([11, number])
        player = Player(list(KINDS)[number % 3], pieces, maker, rng)
        sound, score = player.perform(book, rng, 16.0)
        counts = Counts()
        counts.add(played_in(score), lab.hear(sound), FIVE_CLASSES)
        trials.append((counts.f, number, player))
    trials.sort(key=lambda trial: trial[:2])
    for number, player in [
        t[1:] for kind, count in KINDS.items() for t in [t for t in trials if t[2].kind == kind][:count]
    ]:
        rng = np.random.default_rng([12, number])
        takes = [player.perform(book, rng, 20.0) for _ in range(2)]
        roles = sorted({role for _, score in takes for role in score.roles} & set(ARTICULATION_BY_NAME))
        yield player.kind, [player.samples(role, 30, rng) for role in roles], takes


def fewer(samples: Sequence[SoundSamples], count: int) -> list[SoundSamples]:
    return [SoundSamples(sound.name, sound.kept[:count]) for sound in samples]


def bench_players(lab: Lab, players) -> None:
    print("| player | sounds | model alone | with kit | error left |\n| --- | --- | --- | --- | --- |")
    before, after = [], []
    for kind, samples, takes in players:
        lesson, alone, kit = lab.learn(fewer(samples, 10)), Counts(), Counts()
        for sound, score in takes:
            alone.add(played_in(score), lab.hear(sound), FIVE_CLASSES)
            kit.add(played_in(score), lab.hear(sound, lesson.kit), FIVE_CLASSES)
        before.append(1 - alone.f)
        after.append(1 - kit.f)
        share = after[-1] / before[-1]
        print(f"| {kind} | {len(samples)} | {alone.f:.3f} | {kit.f:.3f} | {share:.2f} |", flush=True)
    total = sum(after) / sum(before)
    print(f"| all | | {1 - np.mean(before):.3f} | {1 - np.mean(after):.3f} | {total:.2f} |\n", flush=True)


def bench_curve(lab: Lab, players) -> None:
    print("| samples of each sound | micro F, four of the players |\n| --- | --- |")
    for count in (0, 1, 3, 5, 10, 30):
        results = []
        for _, samples, takes in players[::3]:
            kit, counts = lab.learn(fewer(samples, count)).kit if count else None, Counts()
            for sound, score in takes:
                counts.add(played_in(score), lab.hear(sound, kit), FIVE_CLASSES)
            results.append(counts.f)
        print(f"| {count} | {np.mean(results):.3f} |", flush=True)
    print()


def bench_others(lab: Lab, players) -> None:
    print("| kit for one drum | dry, without | with | the worst | produced, without | with | the worst |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    studio = Studio(lab.data, lab.cache, "validation")
    clips = {
        "dry": [studio.dry_clip(21, i) for i in range(16)],
        "produced": [studio.clip(21, i) for i in range(16)],
    }
    alone = {kind: _f_of(lab, part, None) for kind, part in clips.items()}
    for role in ("kick", "snare", "hihat_closed"):
        able = [samples for _, samples, _ in players if role in {sound.name for sound in samples}]
        kits = [lab.learn([s for s in fewer(samples, 10) if s.name == role]).kit for samples in able[:: len(able) // 5]]
        cells = []
        for kind, part in clips.items():
            results = [_f_of(lab, part, kit) for kit in kits]
            cells += [f"{alone[kind]:.3f}", f"{np.mean(results):.3f}", f"{min(results):.3f}"]
        print(f"| {role}, mean of {len(kits)} | {' | '.join(cells)} |", flush=True)
    print()


def _f_of(lab: Lab, clips, kit: Kit | None) -> float:
    """Micro F on clips."""
    from drumscribe.training.rendering.clips import ROLES

    counts = Counts()
    for clip in clips:
        names = [ROLES[i] for i in clip.roles]
        strokes = [
            (float(t), ARTICULATION_BY_NAME[n].instrument, float(v))
            for t, n, v in zip(clip.times, names, clip.velocities, strict=True)
            if n in ARTICULATION_BY_NAME
        ]
        counts.add(strokes, lab.hear(clip.sound, kit), FIVE_CLASSES)
    return counts.f


@dataclass
class Clip:
    """A recording of a player's, and its strokes."""

    name: str
    sound: np.ndarray
    strokes: Strokes


def real_players(bench: Path) -> dict[str, list[Clip]]:
    """The recorded beatboxers."""
    found: dict[str, list[Clip]] = {}
    for path in sorted([*bench.glob("beatbox/audio/*.flac"), *bench.glob("beatbox2/audio/*.flac")]):
        labels = path.parents[1] / "labels" / f"{path.stem}.csv"
        with open(labels, newline="", encoding="utf-8") as file:
            strokes = [(float(row["time"]), row["class"], 1.0) for row in csv.DictReader(file)]
        player = path.stem.split("_")[0] if path.parents[1].name == "beatbox2" else "beatbox"
        found.setdefault(player, []).append(Clip(path.stem, load(path, RATE), strokes))
    return found


def simulated_beatboxers(first: int, count: int) -> dict[str, list[Clip]]:
    """Simulated beatboxers, with two takes to enrol on and three to score."""
    return {
        f"mouth {seed}": [Clip(take.name, take.sound, take.strokes) for take in map(Mouth(seed).take, range(5))]
        for seed in range(first, first + count)
    }


def enrolled(clips: Sequence[Clip], count: int, first: int) -> tuple[list[SoundSamples], set[int]]:
    """Samples of each sound, cut out of a clip as a player would, and the clips that were used."""
    samples, used = [], {first}
    for sound in BEATBOX:
        kept: list[Sample] = []
        for number in range(first, first + (len(clips) if count > 4 else 1)):
            clip = clips[number % len(clips)]
            for at in [t for t, name, _ in clip.strokes if name == sound][: count - len(kept)]:
                end = min([t for t, _, _ in clip.strokes if t > at + 0.01], default=len(clip.sound) / RATE)
                shot = cut(clip.sound, RATE, round(at * RATE), round(end * RATE))
                kept += [Sample(f"{clip.name} at {at:.2f} s", shot)] if shot is not None else []
                used.add(number % len(clips))
        samples.append(SoundSamples("hihat_closed" if sound == "hihat" else sound, kept))
    return [sound for sound in samples if sound.kept], used


def bench_rotations(lab: Lab, players: dict[str, list[Clip]], count: int, starts: int | None = None) -> None:
    rows = []
    for player, clips in players.items():
        plain = [lab.hear(clip.sound) for clip in clips]
        for first, clip in list(enumerate(clips))[:starts]:
            samples, used = enrolled(clips, count, first)
            lesson, alone, own = lab.learn(samples, only=True), Counts(), Counts()
            for number, other in enumerate(clips):
                if number not in used:
                    alone.add(other.strokes, plain[number], BEATBOX)
                    own.add(other.strokes, lab.hear(other.sound, lesson.kit), BEATBOX)
            said = "" if lesson.worthwhile else ", refused"
            rows.append((own.f - alone.f, player, clip.name, alone.f, own.f, lesson.expected, said))
    print(f"| enrolled on {count} of each sound of | model alone | with kit | gain | promised |")
    print("| --- | --- | --- | --- | --- |")
    for gain, player, name, alone_f, own_f, expected, said in sorted(rows):
        called = name if name.startswith(player) else f"{player}, {name}"
        print(f"| {called} | {alone_f:.3f} | {own_f:.3f} | {gain:+.3f} | {expected:.3f}{said} |")
    for player in dict.fromkeys("mouth" if player.startswith("mouth") else player for player in players):
        alone_f, own_f, expected = np.mean([row[3:6] for row in rows if row[1].startswith(player)], axis=0)
        print(f"| mean, {player} | {alone_f:.3f} | {own_f:.3f} | {own_f - alone_f:+.3f} | {expected:.3f} |")
    print(flush=True)


def bench_tempo(lab: Lab, clips: Sequence[Clip]) -> None:
    """Print what tempo each clip has with kits of the others; the truth is in its name."""
    kits = [lab.learn(enrolled(clips, 4, first)[0], only=True).kit for first in range(len(clips))]
    print("| tempo of, with kits of 4 strokes a sound of the other clips | right | found otherwise (confidence) |")
    print("| --- | --- | --- |")
    for number, clip in enumerate(clips):
        true, right, others = float(re.findall(r"(\d+)BPM", clip.name)[0]), 0, []
        heard = [Transcriber(kit=kit) for other, kit in enumerate(kits) if other != number]
        for transcriber in heard:
            rhythm = transcriber.transcribe_array(clip.sound, RATE).rhythm
            tempo = 0.0 if rhythm is None or rhythm.tempo is None else rhythm.tempo
            if abs(tempo / true - 1.0) < 0.04:
                right += 1
            else:
                others.append(f"{tempo:g} ({rhythm.confidence:.2f})" if tempo else "none")
        print(f"| {clip.name} | {right} of {len(heard)} | {', '.join(others)} |")
    print(flush=True)


def bench_beatbox(lab: Lab, bench: Path) -> None:
    clips = []
    for path in sorted((bench / "beatbox" / "audio").glob("*.flac")):
        with open(bench / "beatbox" / "labels" / f"{path.stem}.csv", newline="", encoding="utf-8") as file:
            strokes = [(float(row["time"]), row["class"], 1.0) for row in csv.DictReader(file)]
        clips.append((path.stem, load(path, RATE), strokes))
    print("| enrolled on | micro F, model alone | micro F, with kit |\n| --- | --- | --- |")
    results = []
    for name, sound, strokes in clips:
        samples, first = [], {}
        for instrument in ("kick", "snare", "hihat"):
            first[instrument] = [time for time, other, _ in strokes if other == instrument][:4]
            ends = [
                min([t for t, _, _ in strokes if t > time + 0.01], default=len(sound) / RATE)
                for time in first[instrument]
            ]
            cuts = [
                cut(sound, RATE, round(time * RATE), round(end * RATE))
                for time, end in zip(first[instrument], ends, strict=True)
            ]
            called = "hihat_closed" if instrument == "hihat" else instrument
            samples.append(SoundSamples(called, [Sample(f"{instrument} {i}", shot) for i, shot in enumerate(cuts)]))
        kit = lab.learn(samples, only=True).kit
        enrolled = [time for times in first.values() for time in times]
        alone, own = Counts(), Counts()
        for other, audio, wanted in clips:
            for counts, chosen in ((alone, None), (own, kit)):
                heard = lab.hear(audio, chosen)
                if other == name:
                    heard = [h for h in heard if min(abs(h[0] - time) for time in enrolled) > 0.05]
                    wanted = [w for w in wanted if w[0] not in enrolled]
                counts.add(wanted, heard, ("kick", "snare", "hihat"))
        results.append((alone.f, own.f))
        print(f"| {name} | {alone.f:.3f} | {own.f:.3f} |", flush=True)
    alone, own = np.mean(results, axis=0)
    print(f"| mean of {len(results)} | {alone:.3f} | {own:.3f} |\n", flush=True)


def bench_taps(lab: Lab, bench: Path | None) -> None:
    print("| taps | micro F |\n| --- | --- |")
    if bench is not None:
        names = {"knuckle": "Knuckle", "pad": "Pad"}
        samples, sounds, wanted, at = [], [], [], 0.0
        for name, file in names.items():
            sound = load(bench / "taps" / f"{file}.flac", RATE)
            times = _tap_times(bench / "taps" / f"{file}.labels.txt")
            ends = [*times[1:], len(sound) / RATE]
            spans = [(round((t + 0.009) * RATE), round(e * RATE)) for t, e in zip(times, ends, strict=True)]
            cuts = [cut(sound, RATE, *span) for span in spans]
            samples.append(SoundSamples(name, [Sample(f"{name} {i}", shot) for i, shot in enumerate(cuts)]))
            test = load(bench / "taps" / f"{file}-test.flac", RATE)
            wanted += [(at + t + 0.009, name, 1.0) for t in _tap_times(bench / "taps" / f"{file}-test.labels.txt")]
            sounds.append(test)
            at += len(test) / RATE
        kit, counts = lab.learn(samples, only=True).kit, Counts()
        counts.add(wanted, lab.hear(np.concatenate(sounds), kit), tuple(names))
        print(f"| real fingertaps, knuckle and pad | {counts.f:.3f} |", flush=True)
    if lab.data is not None:
        pieces = [p for p in read_pieces(lab.data / "oneshots", "validation") if p.role in ("percussion", "side_stick")]
        results = []
        for number in range(8):
            results.append(_taps_in_rooms(lab, pieces, np.random.default_rng([31, number])))
        print(f"| synthesised, two sounds in other rooms, mean of {len(results)} | {np.mean(results):.3f} |")
        print(f"| the worst of them | {np.min(results):.3f} |\n", flush=True)


def bench_live(bench: Path) -> None:
    lab = Lab(None, None, live=True)
    print("As streams:\n")
    bench_beatbox(lab, bench)
    bench_taps(lab, bench)


def _tap_times(path: Path) -> list[float]:
    return [float(line.split()[0]) for line in path.read_text().splitlines() if line.strip()]


def _taps_in_rooms(lab: Lab, pieces, rng: np.random.Generator) -> float:
    """Two sounds enrolled in one room, and tapped in others; dull and short, as tables are."""
    shots = []
    for i in rng.choice(len(pieces), 2, replace=False):
        stroke = pieces[i].strokes[rng.integers(len(pieces[i].strokes))]
        ratio = rng.uniform(0.4, 0.8)
        shots.append(OneShot(change_pitch(stroke.samples, ratio)[: RATE // 3], round(stroke.onset / ratio)))

    def room(sound: np.ndarray) -> np.ndarray:
        wet = reverberate(sound, RATE, rng, rng.uniform(0.15, 0.7), rng.uniform(-22, -8), rng.uniform(0.3, 0.8))
        return (_normalised(wet) * 0.5 + 5e-4 * coloured_noise(rng, len(wet), 3.0)).astype(np.float32)

    samples, names = [], ("low", "high")
    for name, shot in zip(names, shots, strict=True):
        kept = []
        for number in range(10):
            own = augment_shot(shot, RATE, rng, _HAND)
            quiet = np.zeros(2000, np.float32), np.zeros(6000, np.float32)
            sound = room(np.concatenate([quiet[0], own.samples, quiet[1]]))
            kept.append(Sample(f"{name} {number}", OneShot(_normalised(sound), own.onset + 2000)))
        samples.append(SoundSamples(name, kept))
    kit, counts = lab.learn(samples, only=True).kit, Counts()
    for _ in range(2):
        out, strokes, at = np.zeros(14 * RATE, np.float32), [], 0.4
        while at < 13.4:
            which = int(rng.integers(2))
            own = augment_shot(shots[which], RATE, rng, _HAND)
            first = round(at * RATE) - own.onset
            part = out[first : first + len(own.samples)]
            part += own.samples[: len(part)] * np.float32(
                10 ** (rng.uniform(-12, 0) / 20) / np.max(np.abs(own.samples))
            )
            strokes.append((at, names[which], 1.0))
            at += float(rng.choice([0.15, 0.2, 0.3, 0.4]))
        counts.add(strokes, lab.hear(room(out), kit), names)
    return counts.f


def bench_cost(lab: Lab, players) -> None:
    _, samples, takes = players[0]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for sound in fewer(samples, 10)[:4]:
            (place / "samples" / sound.name).mkdir(parents=True)
            for number, sample in enumerate(sound.kept):
                sf.write(place / "samples" / sound.name / f"{number}.wav", 0.9 * sample.shot.samples, RATE)
        long = np.tile(np.concatenate([sound for sound, _ in takes]), 15)
        sf.write(place / "long.wav", long, RATE)
        kit = place / "x.kit"
        made = [_cpu("finetune", "--samples", place / "samples", "--name", kit) for _ in range(3)]
        plain, own = [], []
        for _ in range(3):
            plain.append(_cpu("transcribe", place / "long.wav", "--out", place, "-j", "1", "-q"))
            own.append(_cpu("transcribe", place / "long.wav", "--out", place, "-j", "1", "-q", "--kit", kit))
        print("| | CPU |\n| --- | --- |")
        print(f"| finetune with 4 x 10 samples, whole process | {np.median(made):.1f} s |")
        minutes = len(long) / RATE / 60
        print(f"| transcribing {minutes:.0f} minutes, whole process | {np.median(plain):.1f} s |")
        print(f"| the same with a kit of 4 sounds | {np.median(own):.1f} s |")
        print(f"| more with a kit | {100 * (np.median(own) / np.median(plain) - 1):.0f} % |\n", flush=True)


def _cpu(*words) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", "from drumscribe.cli import main; main()", *map(str, words)]
    subprocess.run(command, check=False, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--bench", type=Path)
    parser.add_argument("--count", type=int, default=4, help="strokes of each sound for rotations (default: 4)")
    parser.add_argument(
        "--mouths", type=int, default=0, help="simulated beatboxers among the rotations (default: none)"
    )
    parser.add_argument("--mouths-from", type=int, default=16, help="the first of them (default: 16)")
    parser.add_argument("--pool", type=int, default=36, help="players to choose from (default: 36)")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this; can be repeated")
    options = parser.parse_args()
    parts = options.part or PARTS
    lab = Lab(options.data, options.cache)
    began = time.process_time()
    players = []
    if options.data is not None and set(parts) & {"players", "others", "curve", "cost"}:
        players = list(make_players(lab, options.pool))
    mouths = simulated_beatboxers(options.mouths_from, options.mouths)
    for part, needed, bench in (
        ("rotations", options.bench, lambda: bench_rotations(lab, real_players(options.bench), options.count)),
        ("tempo", options.bench, lambda: bench_tempo(lab, real_players(options.bench)["beatbox"])),
        ("rotations", mouths, lambda: bench_rotations(lab, mouths, options.count, 2)),
        ("players", players, lambda: bench_players(lab, players)),
        ("others", players and options.cache, lambda: bench_others(lab, players)),
        ("beatbox", options.bench, lambda: bench_beatbox(lab, options.bench)),
        ("taps", options.bench or options.data, lambda: bench_taps(lab, options.bench)),
        ("live", options.bench, lambda: bench_live(options.bench)),
        ("cost", players, lambda: bench_cost(lab, players)),
        ("curve", players, lambda: bench_curve(lab, players)),
    ):
        if part in parts and needed:
            bench()
    print(f"{time.process_time() - began:.0f} s of CPU", file=sys.stderr)


if __name__ == "__main__":
    main()
