"""What models say of themselves: their cards, and what was measured when they were released."""

import json
from pathlib import Path
from typing import Any


def cards_of(models: dict[str, str]) -> list[dict[str, Any]]:
    """The card of each model, by the name that the page knows it by.

    Parameters
    ----------
    models : dict of str to str
        Name or file of each model, by the name that the page knows it by.

    Returns
    -------
    list of dict
        Name, version, description, licence, credits, kilobytes of the file, and ``measured``, where its release was
        recorded: F of held-out sound for each instrument, parameters, and multiply-adds for each second of sound.
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
