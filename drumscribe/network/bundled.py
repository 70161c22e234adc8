"""The model files that drumscribe includes, wherever it runs from. Listing them loads nothing heavy."""

from importlib import resources
from pathlib import Path


def models_folder() -> Path:
    """Find the folder of the bundled models: installed or, in a checkout, beside the package.

    Returns
    -------
    Path
        The folder.
    """
    try:
        return Path(str(resources.files("drumscribe.models")))
    except ModuleNotFoundError:
        return Path(__file__).parents[2] / "models"


def bundled_models() -> list[str]:
    """List the bundled models.

    Returns
    -------
    list of str
        The names, in order.
    """
    return sorted(file.name.split(".")[0] for file in models_folder().glob("*.int8.tflite"))
