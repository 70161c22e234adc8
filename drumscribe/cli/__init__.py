"""The commands, thin: arguments in, what the library does, an exit code out.

What a command needs beyond click is imported inside it, so that --help answers at once.
"""

import click

from .. import __version__
from . import checking, evaluate, finetune, info, kits, live, serve, transcribe, watch
from .group import Commands


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="drumscribe")
def main() -> None:
    """Turn recordings of drums into MIDI.

    \b
    drumscribe transcribe songs/ --out midi/     one .mid for every recording in the folder
    drumscribe finetune --samples my_kicks/      learn your own sounds, for transcribe --kit
    drumscribe COMMAND --help                    all that a command can do
    """


for _command in (
    transcribe.command,
    checking.plot,
    checking.listen,
    checking.grid,
    finetune.command,
    kits.command,
    info.command,
    evaluate.command,
    live.command,
    serve.command,
    watch.command,
):
    main.add_command(_command)
