"""Choices of a page: models, kits, and transcription options, checked before a job uses them."""

from pathlib import Path

from ...errors import DrumscribeError
from ..documents import check_sensitivity
from ..hearing import own_sounds
from ..rooms import Room
from ..work import request_of


def check_hearing(room: Room, options: dict) -> dict:
    """Check the options of a transcription job.

    Parameters
    ----------
    room : Room
        The room, which has models and kits.
    options : dict
        The options of the page.

    Returns
    -------
    dict
        The known options that were chosen.

    Raises
    ------
    DrumscribeError
        For an unknown model or kit, or an impossible rhythm.
    """
    chosen: dict = {}
    if options.get("model"):
        if options["model"] not in models_of(room):
            raise DrumscribeError(f"there is no model {str(options['model'])[:60]!r}")
        chosen["model"] = models_of(room)[options["model"]]
    if options.get("kit"):
        if options["kit"] not in kit_files(room):
            raise DrumscribeError(f"there is no kit {str(options['kit'])[:60]!r}")
        chosen["kit"] = options["kit"]
        chosen["sensitivity"] = check_sensitivity(options.get("sensitivity") or {})
    if options.get("percussion") in (True, "true", "1"):
        chosen["percussion"] = True
    if options.get("tempo"):
        chosen["tempo"] = float(options["tempo"])
    if options.get("tempo_range"):
        slowest, fastest = options["tempo_range"]
        chosen["tempo_range"] = [float(slowest), float(fastest)]
    if options.get("meter"):
        chosen["meter"] = str(options["meter"])
    request_of(chosen).rhythm()
    return chosen


def models_of(room: Room) -> dict[str, str]:
    """Return the models to choose from: bundled ones, and those trained here."""
    from ...network.bundled import bundled_models
    from ...network.model_file import DEFAULT_LIVE

    found = {name: name for name in bundled_models() if name != DEFAULT_LIVE}
    trained = sorted((room.folder / "runs").glob("*/cache/runs/*/*.float32.tflite"))
    return found | {f"trained: {path.name.split('.')[0]}": str(path) for path in trained if _transcribes(path)}


def _transcribes(path: Path) -> bool:
    from ...errors import ModelError
    from ...network.model_file import load_model_info

    try:
        return bool(load_model_info(path).name)
    except ModelError:
        return False


def kit_files(room: Room) -> dict[str, Path]:
    """Return the names of the kits."""
    return {path.stem: path for path in sorted(room.kits.glob("*.kit"))}


def own_sounds_of(room: Room, kit: str | None) -> list[str]:
    """Return the player's own sounds in a kit; none if the kit is missing or cannot be read.

    Parameters
    ----------
    room : Room
        The room of the kit.
    kit : str or None
        Name of the kit.

    Returns
    -------
    list of str
        Their names.
    """
    from ...kits.kit import KitError, read_kit

    path = kit_files(room).get(kit or "")
    try:
        return [] if path is None else list(own_sounds(read_kit(path)))
    except KitError:
        return []
