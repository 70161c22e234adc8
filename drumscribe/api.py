"""The Python interface: transcribe in one call, and methods of transcriptions.

Heavy modules are loaded on first use, so that ``import drumscribe`` is quick.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import ArgumentError, DrumscribeError
from .music.transcription import Transcription, give_body

if TYPE_CHECKING:
    import numpy as np

    from .kits.kit import Kit
    from .music.tempo_map import Meter
    from .options import Numbers, Texts
    from .quantisation.settings import OrnamentPolicy, QuantiseOptions
    from .rhythm import Beats
    from .transcribe_options import TranscribeOptions


def transcribe(
    source: "str | Path | np.ndarray",
    rate: int | None = None,
    *,
    model: str | Path | None = None,
    kit: "Kit | str | Path | None" = None,
    sensitivity: "Numbers | None" = None,
    percussion: bool = False,
    tempo: float | str | None = None,
    tempo_range: str | tuple[float, float] | None = None,
    meter: "str | Meter | None" = None,
    beats: "str | Path | Sequence[float] | Beats | None" = None,
    fixed_tempo: bool = False,
    reading: int = 1,
    shift_bar: int = 0,
    quantize: "Texts | None" = None,
    swing: "Numbers | None" = None,
    strength: "Numbers | None" = None,
    window: "Numbers | None" = None,
    smooth_velocities: "Numbers | None" = None,
    ornaments: "OrnamentPolicy" = "keep",
    options: "TranscribeOptions | None" = None,
    progress: Callable[[float], None] | None = None,
) -> Transcription:
    """Transcribe one recording.

    Where a value can differ between instruments, give one for all, or a mapping such as ``{"all": 0.6, "hihat": 0.3}``.

    Parameters
    ----------
    source : str, Path or np.ndarray
        A file, or sound in memory: ``(samples,)``, ``(samples, channels)`` or ``(channels, samples)``, floats at full
        scale 1.0 or integers of 8, 16 or 32 bits.
    rate : int, optional
        Samples per second of sound in memory.
    model : str or Path, optional
        The name of a bundled model (``"tiny"``) or a model file; the default model if not given.
    kit : Kit, str or Path, optional
        A kit of `drumscribe finetune`, whose sounds are detected, too: its name, its file, or a loaded kit.
    sensitivity : float or mapping, optional
        From 0 to 1 (default 0.5). Higher finds more hits, and more false ones.
    percussion : bool
        Whether percussion outside the vocabulary is reported, too, as one instrument.
    tempo : float or str, optional
        Approximate tempo in quarter notes per minute; the exact tempo is found within 20 %. ``"x2"`` or ``"/2"``
        multiplies the detected tempo.
    tempo_range : tuple of float or str, optional
        Slowest and fastest tempo, as ``(70, 140)`` or ``"70-140"``.
    meter : str or Meter, optional
        The time signature, such as ``"6/8"``.
    beats : str, Path, sequence of float or Beats, optional
        A file of beats, or the times of the beats in seconds.
    fixed_tempo : bool
        Whether the recording has one tempo throughout.
    reading : int
        Which reading of tempo and bars: 1 is the likeliest, further ones are its alternatives.
    shift_bar : int
        Number of beats by which the bars begin later.
    quantize : str or mapping, optional
        Move hits to a grid such as ``"1/16"``, ``"1/8t"`` or ``"1/16+1/8t"``; ``"off"`` leaves an instrument alone.
    swing : float or mapping, optional
        The first note's share of each pair, in percent (default: as played).
    strength : float or mapping, optional
        How far hits are moved, in percent (default 100).
    window : float or mapping, optional
        Distance from the grid, in ms, beyond which hits stay (default: any).
    smooth_velocities : float or mapping, optional
        How far velocities at the same place of each bar are evened out, in percent (default 0).
    ornaments : {"keep", "grid", "drop"}
        Whether flams, rolls and doubled hits stay beside their strokes, go to the grid, or are left out.
    options : TranscribeOptions, optional
        Used instead of `sensitivity`, `percussion` and the arguments about the rhythm.
    progress : callable, optional
        Called with the number of seconds of a file that are done.

    Returns
    -------
    Transcription
        Hits, duration and rhythm.

    Raises
    ------
    DrumscribeError
        If the recording, the model, the kit or an argument cannot be used, or if quantisation finds no beat.

    Examples
    --------
    >>> transcription = transcribe("take.wav", tempo=92, sensitivity={"hihat": 0.3})  # doctest: +SKIP
    >>> transcription.save("take.mid")  # doctest: +SKIP
    """
    from . import options as made
    from .transcriber import Transcriber

    _check_source(source, rate)
    asked = (sensitivity, percussion, tempo, tempo_range, meter, beats, fixed_tempo, reading != 1, shift_bar != 0)
    if options is None:
        rhythm = made.rhythm_options(tempo, tempo_range, meter, beats, fixed_tempo, reading, shift_bar)
        options = made.transcribe_options(sensitivity, percussion, rhythm)
    elif any(value is not None and value is not False for value in asked):
        raise ArgumentError("give either options, or sensitivity, percussion, tempo, meter and beats by themselves")
    quantisation = made.quantise_options(quantize, swing, strength, window, smooth_velocities, ornaments)
    transcriber = Transcriber(model, options, _kit(kit))
    if isinstance(source, (str, Path)):
        transcription = transcriber.transcribe_file(source, progress)
    else:
        transcription = transcriber.transcribe_array(source, rate or 0)
    return transcription if quantisation is None else _quantised(transcription, quantisation)


def _check_source(source: "str | Path | np.ndarray", rate: int | None) -> None:
    from .sound.limits import check_rate

    if isinstance(source, (str, Path)):
        if rate is not None:
            raise ArgumentError(f"{source}: a file has its own rate: leave rate out, or give samples with it")
    elif rate is None:
        raise ArgumentError("sound in memory needs a rate: transcribe(samples, 44100)")
    else:
        check_rate(rate)


def _kit(kit: "Kit | str | Path | None") -> "Kit | None":
    from .kits.library import load

    return load(kit) if isinstance(kit, (str, Path)) else kit


def _quantised(transcription: Transcription, options: "QuantiseOptions") -> Transcription:
    from .quantisation.quantise import quantise

    return quantise(transcription, options)[0]


def _save(
    transcription: Transcription, path: str | Path, drum_map: str, recording: str | Path | None, **options: Any
) -> Path:
    from .formats.drum_maps import load_drum_map
    from .formats.export import check_ending
    from .formats.midi import MidiOptions
    from .formats.outputs import Delivery
    from .sound.audio import probe

    path = check_ending(Path(path))
    midi_type = options.pop("midi_type")
    midi = MidiOptions(load_drum_map(drum_map), file_type=midi_type, **options)
    sound = None if recording is None else Path(recording)
    if sound is not None:
        probe(sound)  # before anything is written
    (written,) = Delivery(midi=midi).deliver(transcription, [path], sound).outputs
    return written


def _to_dict(transcription: Transcription) -> dict[str, Any]:
    from .formats.json_file import to_data

    return to_data(transcription)


def _to_dataframe(transcription: Transcription) -> Any:
    from .formats.text_files import FIELDS, row_of

    try:
        import pandas
    except ImportError as error:
        raise DrumscribeError("data frames need pandas: pip install pandas") from error
    return pandas.DataFrame([row_of(hit) for hit in transcription.hits], columns=list(FIELDS))


def _to_pretty_midi(transcription: Transcription) -> Any:
    from .formats.midi import to_pretty_midi

    return to_pretty_midi(transcription)


def _to_html(transcription: Transcription) -> str:
    from .review.lanes import to_html

    return to_html(transcription)


give_body("save", _save)
give_body("to_dict", _to_dict)
give_body("to_dataframe", _to_dataframe)
give_body("to_pretty_midi", _to_pretty_midi)
give_body("_repr_html_", _to_html)
