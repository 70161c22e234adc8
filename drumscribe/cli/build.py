"""What commands work with: the transcriber, the kit and the engine that their options ask for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..formats.outputs import Delivery
    from ..kits.kit import Kit
    from ..rhythm import RhythmOptions
    from ..stream import Engine
    from ..transcriber import Transcriber

Sensitivities = Sequence[tuple[str, float]]
"""Pairs of an instrument, or "all", and a sensitivity."""


@dataclass(frozen=True)
class Hearing:
    """What is detected, and with which model and kit, as it was given.

    Attributes
    ----------
    model : Path, optional
        A model file, or the name of a bundled model.
    kit : str, optional
        The name or the file of a kit.
    sensitivities : Sensitivities
        For all instruments or each.
    percussion : bool, default False
        Whether percussion outside the vocabulary is reported.
    """

    model: Path | None
    kit: str | None
    sensitivities: Sensitivities
    percussion: bool = False

    def check(self) -> None:
        """Check, before anything is begun, that model and kit are there and belong together.

        Raises
        ------
        DrumscribeError
            Where they do not.
        """
        from ..network import trial
        from ..network.model_file import load_model_info, model_file
        from ..options import ALL
        from ..transcribe_options import check_sensitivities

        if self.model is None and self.kit is None and not self.percussion and not self.sensitivities:
            return
        info, kit = load_model_info(self.model), load_kit(self.kit)
        trial.require(model_file(self.model))
        if self.percussion:
            info.check_percussion()
        if kit is not None:
            kit.check_model(info)
        own = (*info.columns.instruments, *(kit.instruments if kit else ()))
        check_sensitivities((name for name, _ in self.sensitivities if name != ALL), own)

    def fitting(self) -> tuple["Hearing", str]:
        """Choose the model `tiny` on a weak machine, if neither model nor kit is given.

        Returns
        -------
        tuple of Hearing and str
            What is used, and a note on it for the user; empty if it is what was given.
        """
        from ..runtime import is_weak

        if self.model is not None or self.kit is not None or not is_weak():
            return self, ""
        note = "this machine is small, so the model tiny is used, which hears less but is fast (--model base overrides)"
        return replace(self, model=Path("tiny")), note

    def maker(self, rhythm: "RhythmOptions | None" = None) -> "Callable[[], Transcriber]":
        """Return what makes the transcriber, in the process that it works in.

        Parameters
        ----------
        rhythm : RhythmOptions, optional
            What is known of the rhythm.

        Returns
        -------
        callable
            Without arguments; can be pickled.
        """
        return partial(make_transcriber, self.model, self.kit, self.sensitivities, rhythm, self.percussion)

    def packed(self, rhythm: "RhythmOptions | None" = None) -> "Callable[[], Transcriber]":
        """Return the same as `maker`, with model and kit by their content, for machines that may not have them.

        Parameters
        ----------
        rhythm : RhythmOptions, optional
            What is known of the rhythm.

        Returns
        -------
        callable
            Without arguments; can be pickled.
        """
        from ..kits.library import existing
        from ..network.model_file import model_file

        files = [model_file(self.model), *([existing(self.kit)] if self.kit is not None else [])]
        contents = tuple((file.suffix, file.read_bytes()) for file in files)
        return partial(_unpack, contents, self.sensitivities, rhythm, self.percussion)


def _unpack(
    contents: tuple[tuple[str, bytes], ...],
    sensitivities: Sensitivities,
    rhythm: "RhythmOptions | None",
    percussion: bool,
) -> "Transcriber":
    """Make the transcriber of the contents of a model and a kit, which was checked where it was packed."""
    from tempfile import TemporaryDirectory

    from ..network import trial

    with TemporaryDirectory(prefix="drumscribe-", ignore_cleanup_errors=True) as folder:
        paths = [Path(folder, f"packed{suffix}") for suffix, _ in contents]
        for path, (_, content) in zip(paths, contents, strict=True):
            path.write_bytes(content)
        trial.trust(paths[0])
        kit = str(paths[1]) if len(paths) > 1 else None
        return make_transcriber(paths[0], kit, sensitivities, rhythm, percussion)


def settings_of(hearing: Hearing, rhythm: "RhythmOptions", delivery: "Delivery", strict: bool) -> str:
    """Return a digest of all that outputs depend on, except the recordings.

    Parameters
    ----------
    hearing : Hearing
        Model and kit, which count by their content, and sensitivities.
    rhythm : RhythmOptions
        What is known of the rhythm.
    delivery : Delivery
        How outputs are written.
    strict : bool
        Whether recordings that end early fail.

    Returns
    -------
    str
        Hexadecimal digits.

    Raises
    ------
    DrumscribeError
        Where model or kit cannot be read.
    """
    import hashlib

    from ..batch.fingerprints import digest_of
    from ..kits.library import existing
    from ..network.model_file import load_model_info, model_file

    load_model_info(hearing.model)
    model = digest_of(model_file(hearing.model))
    kit = None if hearing.kit is None else digest_of(existing(hearing.kit))
    facts = (model, kit, sorted(hearing.sensitivities), hearing.percussion, rhythm, strict)
    written = delivery.formats, delivery.midi, delivery.quantise
    return hashlib.blake2b(repr((facts, written)).encode(errors="surrogateescape"), digest_size=16).hexdigest()


def make_transcriber(
    model: Path | None,
    kit: str | None,
    sensitivities: Sensitivities,
    rhythm: "RhythmOptions | None" = None,
    percussion: bool = False,
) -> "Transcriber":
    """Make the transcriber.

    Parameters
    ----------
    model : Path, optional
        A model file, or the name of a bundled model.
    kit : str, optional
        The name or the file of a kit.
    sensitivities : sequence of pairs
        Of an instrument and a sensitivity.
    rhythm : RhythmOptions, optional
        What is known of the rhythm.
    percussion : bool
        Whether percussion outside the vocabulary is reported.

    Returns
    -------
    Transcriber
        Ready for recordings.
    """
    from ..options import transcribe_options
    from ..transcriber import Transcriber

    return Transcriber(model, transcribe_options(dict(sensitivities), percussion, rhythm), load_kit(kit))


def load_kit(kit: str | None) -> "Kit | None":
    """Load the kit that is asked for.

    Parameters
    ----------
    kit : str, optional
        Its name or file.

    Returns
    -------
    Kit or None
        None where none is asked for.

    Raises
    ------
    KitError
        Where it cannot be used.
    """
    if kit is None:
        return None
    from ..kits.library import load

    return load(kit)


def make_engine(
    model: Path | None,
    kit: str | None,
    sensitivities: Sensitivities,
    latency: float | None,
    retrigger: float | None,
    threaded: bool = True,
) -> "Engine":
    """Make an engine for streams.

    Parameters
    ----------
    model : Path, optional
        A model file, or the name of a bundled model.
    kit : str, optional
        The name or the file of a kit.
    sensitivities : Sensitivities
        For all instruments or each.
    latency : float, optional
        From an attack to its report in ms; the look-ahead is what it leaves, as near as the model has it.
    retrigger : float, optional
        Minimum time between two hits of one drum, in ms.
    threaded : bool
        Whether the network runs in a thread of its own.

    Returns
    -------
    Engine
        Ready for sound.
    """
    from ..options import ALL
    from ..stream import Engine
    from ..transcribe_options import check_sensitivities

    engine = Engine(model, kit=load_kit(kit), threaded=threaded)
    check_sensitivities((name for name, _ in sensitivities if name != ALL), engine.instruments)
    for instrument, value in sorted(sensitivities, key=lambda pair: pair[0] != ALL):
        for name in engine.instruments:
            if instrument in (ALL, name):
                engine.parameters[f"sensitivity_{name}"] = value
    if retrigger is not None:
        engine.parameters["retrigger"] = retrigger
    if latency is not None:
        engine.set_latency(latency / 1000.0)
    return engine
