"""Cards of models, and the figures measured at their release."""

import json
from pathlib import Path
from typing import Any


def cards_of(models: dict[str, str]) -> list[dict[str, Any]]:
    """Return the card of each model.

    Parameters
    ----------
    models : dict of str to str
        Name or file of each model, by the name that the page uses.

    Returns
    -------
    list of dict
        Name, version, description, licence, credits, kilobytes of the file, and, if they were recorded at the release,
        ``measured``: F of held-out sound for each instrument, parameters, and multiply-adds per second of sound.
    """
    return [_card(name, model) for name, model in models.items()]


def _card(name: str, model: str) -> dict[str, Any]:
    from ..network.model_file import load_model_info, model_file

    file, info = model_file(model), load_model_info(model)
    facts = {key: getattr(info, key) for key in ("version", "description", "licence", "credits", "quantisation")}
    thresholds = dict(zip(info.columns.instruments, info.thresholds, strict=True))
    size = round(file.stat().st_size / 1000)
    return {"name": name, **facts, "kilobytes": size, "thresholds": thresholds, "measured": _measured(file)}


def _measured(file: Path) -> dict[str, Any] | None:
    record = file.with_name(f"{file.name.split('.')[0]}.json")
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
        return {"held_out": content["held_out"], **content["costs"]}
    except (OSError, ValueError, KeyError):
        return None
