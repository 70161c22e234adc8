"""Draw a recording and its MIDI file one above the other, as a sequencer lays them out; or a project of both.

python examples/daw.py examples/songs/rock.ogg docs/tasks/daw.png
python examples/daw.py examples/songs/rock.ogg docs/tasks/project.png --project

The recording is transcribed, the file written and read again: a MIDI file with mido, a DAWproject as the XML and the
sound that it contains. Bars and beats are those of the file's own meters, at the times that its tempi give them. Needs
matplotlib: pip install "drumscribe[plot]".
"""

import argparse
import zipfile
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

import mido
import numpy as np
from matplotlib.figure import Figure

from drumscribe import transcribe
from drumscribe.formats.export import write
from drumscribe.music.drums import ARTICULATION_BY_NOTE
from drumscribe.sound.audio import load

SECONDS = 6.0
RATE = 22050


@dataclass
class MidiFile:
    """What a sequencer makes of a MIDI file: times in seconds from its first tick, and what is there."""

    tempos: dict[float, str] = field(default_factory=dict)
    meters: dict[float, str] = field(default_factory=dict)
    bars: list[float] = field(default_factory=list)
    beats: list[float] = field(default_factory=list)
    notes: list[tuple[float, int, int]] = field(default_factory=list)


def read(path: Path) -> MidiFile:
    """Follow the tempi and meters of a file from tick to tick."""
    file, out = mido.MidiFile(path), MidiFile()
    ticks, seconds, tempo, meters = [0], [0.0], 500_000, []
    for message in mido.merge_tracks(file.tracks):
        ticks.append(ticks[-1] + message.time)
        seconds.append(seconds[-1] + mido.tick2second(message.time, file.ticks_per_beat, tempo))
        if message.type == "set_tempo":
            tempo = message.tempo
            out.tempos[seconds[-1]] = f"{mido.tempo2bpm(tempo):.4g}"
        elif message.type == "time_signature":
            meters.append((ticks[-1], message))
            out.meters[seconds[-1]] = f"{message.numerator}/{message.denominator}"
        elif message.type == "note_on":
            out.notes.append((seconds[-1], message.note, message.velocity))
    for (begin, meter), (end, _) in pairwise([*meters, (ticks[-1], None)]):
        beats = np.arange(begin, end, 4 * file.ticks_per_beat // meter.denominator)
        times = np.interp(beats, ticks, seconds).tolist()
        out.beats += times
        out.bars += times[:: meter.numerator]
    return out


def read_project(path: Path, folder: Path) -> tuple[MidiFile, Path]:
    """Follow the tempi and meters of a DAWproject from quarter to quarter; its recording goes into a folder."""
    out = MidiFile()
    with zipfile.ZipFile(path) as file:
        root = ElementTree.fromstring(file.read("project.xml"))
        recording = Path(file.extract(root.find(".//Audio/File").get("path"), folder))
    number = lambda element, name: float(element.get(name))  # noqa: E731
    points = [(number(point, "time"), number(point, "value")) for point in root.iter("RealPoint")]
    end = max(number(clip, "time") + number(clip, "duration") for clip in root.iter("Clip"))
    quarters, seconds = [*(quarter for quarter, _ in points), end], [0.0]
    for (begin, tempo), until in zip(points, quarters[1:], strict=True):
        out.tempos[seconds[-1]] = f"{tempo:.4g}"
        seconds.append(seconds[-1] + (until - begin) * 60.0 / tempo)
    when = lambda quarter: np.interp(quarter, quarters, seconds).tolist()  # noqa: E731
    meters = [(number(meter, "time"), meter) for meter in root.iter("TimeSignaturePoint")]
    for (begin, meter), (until, _) in pairwise([*meters, (end, None)]):
        top, bottom = int(meter.get("numerator")), int(meter.get("denominator"))
        out.meters[when(begin)] = f"{top}/{bottom}"
        times = when(np.arange(begin, until, 4 / bottom))
        out.beats += times
        out.bars += times[::top]
    for note in root.iter("Note"):
        out.notes.append((when(number(note, "time")), int(note.get("key")), round(127 * number(note, "vel"))))
    return out, recording


def draw(recording: Path, midi: MidiFile, picture: Path, kind: str = "MIDI file") -> None:
    """Write the first seconds of both as PNG."""
    samples = load(recording, RATE)[: round(SECONDS * RATE)]
    played = [note for note in midi.notes if note[0] < SECONDS]
    numbers = sorted({number for _, number, _ in played})
    figure = Figure(figsize=(12, 4.8), dpi=100, layout="constrained")
    figure.suptitle(f"{recording.name} and its {kind}, both from their first moment on", parse_math=False)
    ruler, audio, notes = axes = figure.subplots(3, 1, sharex=True, height_ratios=(1, 1.5, 2.5))

    bars = {time: str(number) for number, time in enumerate(midi.bars, 1)}
    for row, texts in enumerate((midi.tempos, midi.meters, bars)):
        for time, text in texts.items():
            ruler.text(time, row, f" {text}", va="center", weight=("normal", "normal", "bold")[row], clip_on=True)
    ruler.set(ylim=(-0.6, 2.6), yticks=(0, 1, 2), yticklabels=("BPM", "meter", "bar"), facecolor="#ececec")

    audio.fill_between(*envelope(samples), color="#2471a3", linewidth=0.6)
    audio.set(ylabel="recording", yticks=())

    for time, number, velocity in played:  # so short that the strokes of a roll stay apart, the softer the paler
        notes.barh(numbers.index(number), 0.03, left=time, color="#c0392b", alpha=0.2 + 0.8 * velocity / 127)
    labels = [f"{ARTICULATION_BY_NOTE[n].name.replace('_', ' ')} {n}" for n in numbers]
    notes.set(ylabel="MIDI", yticks=range(len(numbers)), yticklabels=labels, xlabel="seconds")
    notes.set(xlim=(0, SECONDS), ylim=(-0.6, len(numbers) - 0.4))
    for axis in axes:
        axis.tick_params(axis="y", labelsize=8, length=0)
        for times, width in ((midi.beats, 0.5), (midi.bars, 1.5)):
            for time in times:
                axis.axvline(time, color="black", alpha=0.4, linewidth=width, zorder=0)
    figure.savefig(picture)


def envelope(samples: np.ndarray, width: int = 64) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The times, lows and highs of every few samples."""
    blocks = samples[: len(samples) // width * width].reshape(-1, width)
    return np.arange(len(blocks)) * width / RATE, blocks.min(axis=1), blocks.max(axis=1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recording", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--project", action="store_true")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        path = Path(folder) / ("song.dawproject" if arguments.project else "song.mid")
        write(transcribe(arguments.recording), path, recording=arguments.recording)
        if arguments.project:
            project, sound = read_project(path, Path(folder))
            draw(sound, project, arguments.picture, "DAWproject")
        else:
            draw(arguments.recording, read(path), arguments.picture)
