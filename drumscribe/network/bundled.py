"""The model files that come with drumscribe, wherever it runs from. Nothing heavy is loaded to list them."""

from importlib import resources
from pathlib import Path


def models_folder() -> Path:
    """Find the folder of the bundled models: the installed one or, in a bare checkout, the one beside the package.

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
        Their names, in order.
    """
    return sorted(file.name.split(".")[0] for file in models_folder().glob("*.int8.tflite"))
