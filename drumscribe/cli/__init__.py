"""The commands, thin: arguments in, what the library does, an exit code out.

A command is imported when it is asked for, and what it needs beyond click inside it, so that --help answers at once.
"""

import click

from .. import __version__
from .group import Root

_SPELLINGS = {"quantise": "quantize"}
"""Other spellings that are understood, of commands, options and choices."""

_SETTINGS = {
    "help_option_names": ["-h", "--help"],
    "max_content_width": 100,
    "token_normalize_func": lambda word: _SPELLINGS.get(word, word),
}


_COMMANDS = {
    "transcribe": ("transcribe", "Transcribe recordings to MIDI files."),
    "plot": ("review", "Plot a recording and its hits."),
    "listen": ("review", "Mix a recording with its hits, to check them by ear."),
    "grid": ("review", "Print the first bars as a step grid."),
    "score": ("score", "Write a drum score."),
    "groove": ("groove", "Show how far each drum is from the grid."),
    "finetune": ("finetune", "Learn your own sounds from a few samples."),
    "kits": ("kits", "List, show, remove, merge or remake your kits."),
    "info": ("info", "Show a model, and list the models and kits."),
    "maps": ("maps", "List the drum maps that --map knows, or show the notes of one."),
    "evaluate": ("evaluate", "Score transcriptions against what was played."),
    "convert": ("convert", "Convert a transcription of any program to another format."),
    "live": ("live", "Send the hits at a microphone to a MIDI port."),
    "serve": ("serve", "Detect hits for a program in another language."),
    "plugin": ("plugin", "Use drumscribe as a plug-in in a host."),
    "watch": ("watch", "Transcribe recordings as they come into a folder."),
    "studio": ("studio", "Open the studio, a page to transcribe, correct and teach."),
    "completion": ("completion", "Print a script that lets a shell complete commands."),
}
"""The commands in the order of their use: the module of each, and the first sentence of its help."""


@click.group(cls=Root, lazily=_COMMANDS, context_settings=_SETTINGS)
@click.version_option(__version__, "-V", "--version", prog_name="drumscribe")
def main() -> None:
    """Turn recordings of drums into MIDI.

    \b
    drumscribe song.wav                          writes song.mid
    drumscribe transcribe songs/ --out midi/     writes a .mid for every recording in the folder
    drumscribe finetune --samples my_kicks/      learns your own sounds, for transcribe --kit
    drumscribe COMMAND --help                    shows all options of a command
    """
