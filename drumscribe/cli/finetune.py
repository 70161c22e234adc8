"""`drumscribe finetune`."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import nearest, printable
from .group import before_work
from .lessons import learn_and_write, model_of, write_lesson
from .options.listening import complete_model
from .options.paths import NamedPath
from .playing import DEFAULT_COUNT, play_in
from .sections import command as sectioned
from .sections import option

if TYPE_CHECKING:
    from ..finetune.samples import SoundSamples

_FOLDER = NamedPath(path_type=Path)


class _Note(click.ParamType):
    name = "SOUND=NUMBER"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        sound, _, number = str(value).rpartition("=")
        if not sound or not number.isdigit() or int(number) > 127:
            self.fail(f"{value!r}: write it like stomp=35, the number from 0 to 127", param, ctx)
        return sound.strip().lower(), int(number)


@dataclass(frozen=True)
class _Request:
    """What is to be learned, as it was given."""

    samples: Path | None
    named: str | None
    take: Path | None
    labels: Path | None
    name: str
    notes: tuple[tuple[str, int], ...]
    only: bool
    live: bool
    model: Path | None
    overwrite: bool
    keep_samples: bool
    add: bool
    listen: bool
    sounds: str | None
    count: int | None
    device: str | None

    def check(self) -> Path:
        """Return the file of the kit.

        Raises
        ------
        KitError
            For options that contradict each other, a kit that is there, or one that is not, to add to.
        """
        from ..kits import library
        from ..kits.kit import KitError, check_name

        ways = (self.samples is not None, self.take is not None, self.listen)
        if sum(ways) != 1 or (self.take is None) != (self.labels is None):
            raise KitError("give either --samples, or --from-take and --labels, or --listen and --sounds")
        if self.listen != (self.sounds is not None):
            raise KitError("--listen and --sounds go together, as --listen --sounds kick,snare,hat")
        if not self.listen and (self.count is not None or self.device is not None):
            raise KitError("--count and --device are for --listen")
        if self.named is not None and self.samples is None:
            raise KitError("--as names the --samples; labels name their own sounds")
        if self.add and (self.live or self.only or self.model is not None):
            raise KitError("--add goes by what the kit is: leave out --live, --only and --model")
        if self.live and self.model is not None:
            raise KitError("--live takes the model for streams: leave out --live or --model")
        self.check_name("--as", self.named)
        for sound in self.sounds_to_play():
            self.check_name("--sounds", sound)
        path = library.place_of(self.name)
        check_name(path.stem)
        if self.add:
            return library.existing(self.name)
        if path.exists() and not self.overwrite:
            raise KitError(f"the kit {self.name} exists already ({path}): give another --name, or --overwrite")
        return path

    def check_name(self, option: str, sound: str | None) -> None:
        """Check a name of a sound that an option gives, if it does.

        Raises
        ------
        KitError
            If it is nearly that of a drum.
        """
        from ..kits.kit import KitError

        if sound is not None and (meant := self.meant_by(sound)):
            raise KitError(
                f"{option} {sound}: did you mean {meant}? For a sound of your own of that name, give its note, "
                f"as --note {sound}=60"
            )

    def sounds_to_play(self) -> list[str]:
        """Return the names of --sounds, in order.

        Raises
        ------
        KitError
            For names that no sound can have, or that are the same.
        """
        from ..finetune.samples import sound_name
        from ..kits.kit import KitError

        words = [word.strip() for word in (self.sounds or "").split(",") if word.strip()]
        names = [sound_name(word) for word in words]
        if self.sounds is not None and (not names or len(set(names)) < len(names)):
            raise KitError(f"--sounds {self.sounds}: name each sound once, as kick,snare,hat")
        return names

    def meant_by(self, sound: str) -> str | None:
        """Return the drum that a name is nearly that of; None for drums, and for sounds that have a note."""
        from ..finetune.samples import read_name
        from ..music.drums import ARTICULATION_BY_NAME, INSTRUMENTS

        if sound in dict(self.notes) or read_name(sound) is not None:
            return None
        return nearest(sound, [*INSTRUMENTS, *ARTICULATION_BY_NAME])


@sectioned("finetune")
@option(
    "--samples", type=_FOLDER, metavar="DIR", section="Input", help="Folder of samples, or of a folder for each sound."
)
@option("--as", "named", metavar="SOUND", section="Input", help="The sound of all samples, whatever their names.")
@option("--from-take", "take", type=_FOLDER, metavar="FILE", section="Input", help="Learn from a recording ...")
@option(
    "--labels",
    type=_FOLDER,
    metavar="FILE",
    section="Input",
    help="... and its corrected .mid, .json, .csv or .txt file.",
)
@option("--listen", is_flag=True, section="Input", help="Learn from strokes that you play at the microphone ...")
@option("--sounds", metavar="NAMES", section="Input", help="... of these sounds, one after another, as kick,snare,hat.")
@option(
    "--count",
    type=click.IntRange(3, 60),
    metavar="N",
    section="Input",
    help="Strokes to record of each sound. [default: 5]",
)
@option(
    "--device",
    "-d",
    metavar="NAME|FILE",
    section="Input",
    help="Input for --listen, as for drumscribe live. [default: the system's]",
)
@option("--name", default="mine", section="Kit", help="Name of the kit, or a file that ends in .kit.")
@option("--overwrite", is_flag=True, section="Kit", help="Replace the kit of that name.")
@option(
    "--add",
    is_flag=True,
    section="Kit",
    help="Add these samples to the kept samples of the kit of that name.",
)
@option(
    "--keep-samples",
    is_flag=True,
    section="Kit",
    help="Keep the samples in a file beside the kit: --add, kits merge and kits remake need them.",
)
@option(
    "--note",
    "notes",
    type=_Note(),
    multiple=True,
    section="Kit",
    help="MIDI note of a sound. Can be repeated. [default: that of the drum, 60 and up for your own sounds]",
)
@option("--only", is_flag=True, section="Kit", help="Detect only these sounds, for tapping, humming, beatboxing.")
@option("--live", is_flag=True, section="Kit", help="Make the kit for live and serve instead of transcribe.")
@option(
    "--model",
    "-m",
    type=_FOLDER,
    metavar="NAME|FILE",
    section="Kit",
    shell_complete=complete_model,
    help="Model to learn on. [default: base; live with --live]",
)
def command(**given: Any) -> None:
    """Learn your own sounds from a few samples.

    The result is a kit, for transcribe --kit NAME.

    Samples are single strokes, or recordings of strokes of one sound with rests between them, which it cuts. Folders
    name the sounds: kick/, snare/, hat/, or any names of your own, which become instruments. A DIR without folders is
    one sound, or the names of its files say which sounds they are. Each sound needs at least 3 samples; 10 are plenty.

    With --from-take, the kit learns from one recording of a session and its corrected MIDI, and improves the
    transcriptions of the others. With --add, the strokes that are struck alone in it become samples of a kit.

    With --listen, play each sound when its name appears: each stroke is counted, or its fault is printed at once. Needs
    pip install "drumscribe[live]".

    The exit code is 1, and no kit is written, if the kit would do worse than the model alone.
    """
    from ..runtime import one_thread

    with one_thread():  # before numpy is loaded, which reads this once
        _finetune(_Request(**given))


def _finetune(request: _Request) -> None:
    with before_work():
        path = request.check()
    if request.take is not None and not request.add:
        _learn_from_take(request, path)
    else:
        _learn_from_samples(request, path)


def _learn_from_take(request: _Request, path: Path) -> None:
    from ..finetune.background import load_background
    from ..finetune.keeping import keep_samples
    from ..finetune.learners import open_learner
    from ..finetune.naming import Naming
    from ..finetune.samples import check_enough
    from ..finetune.takes import learn_from_take, read_take
    from ..network.model_file import DEFAULT_LIVE, model_file

    assert request.take is not None and request.labels is not None
    with before_work():
        model = model_file(DEFAULT_LIVE if request.live else request.model)
    learner = open_learner(model)
    naming = Naming(path.stem, request.take.resolve().name, dict(request.notes), request.only)
    take = read_take(request.take, request.labels, learner, naming.notes)
    lesson = learn_from_take(take, learner, load_background(model, learner.info), naming)
    samples = take.samples([sound.name for sound in lesson.kit.sounds], alone=True) if request.keep_samples else []
    check_enough(samples)
    write_lesson(lesson, path, request.name, request.live)
    if samples:
        click.echo(f"kept its samples in {keep_samples(samples, take.rate, path)}")


def _learn_from_samples(request: _Request, path: Path) -> None:
    from ..finetune.keeping import joined, kept_samples
    from ..finetune.learners import open_learner
    from ..finetune.naming import Naming
    from ..finetune.samples import check_enough, find_samples, read_samples
    from ..finetune.takes import read_take, samples_of_take
    from ..kits.kit import read_kit
    from ..network.model_file import DEFAULT_LIVE, load_model_info, model_file

    with before_work():
        old = read_kit(path) if request.add else None
        model = model_of(old) if old is not None else model_file(DEFAULT_LIVE if request.live else request.model)
        settings = load_model_info(model).spectrogram
        kept = kept_samples(path, settings.rate) if old is not None else []
    found = {} if request.samples is None else find_samples(request.samples, request.named)
    notes = {sound.name: sound.note for sound in old.sounds} if old is not None else {}
    given = request.samples or request.take
    source = "played in" if given is None else given.resolve().name
    if old is not None:
        source = f"{old.source} + {source}"[:400]
    naming = Naming(path.stem, source, notes | dict(request.notes), old.only if old is not None else request.only)
    known = [sound.name for sound in kept]
    if request.take is None:  # the notes of a take say what its labels mean, and are checked with its sounds
        naming.check([*found, *request.sounds_to_play(), *known])
    _print_near_misses(request, found)
    left: list[SoundSamples] = []
    if request.take is not None and request.labels is not None:
        heard = read_take(request.take, request.labels, open_learner(model), naming.notes)
        new, left = samples_of_take(heard, known)
    elif request.listen:
        new = play_in(request.sounds_to_play(), request.count or DEFAULT_COUNT, request.device, settings)
    else:
        new = [read_samples(sound, paths, settings) for sound, paths in found.items()]
    sounds = joined([kept, new], settings.rate)
    check_enough(sounds)
    learn_and_write(sounds, naming, model, path, request.name, request.keep_samples or request.add, left)


def _print_near_misses(request: _Request, sounds: Iterable[str]) -> None:
    for sound in sounds:
        if meant := request.meant_by(sound):
            click.echo(printable(f"note: {sound} becomes an instrument of its own; did you mean {meant}?"), err=True)
