"""`drumscribe completion`."""

import click

from .sections import command as sectioned

_LINES = {
    "bash": 'eval "$(_DRUMSCRIBE_COMPLETE=bash_source drumscribe)"',
    "zsh": 'eval "$(_DRUMSCRIBE_COMPLETE=zsh_source drumscribe)"',
    "fish": "_DRUMSCRIBE_COMPLETE=fish_source drumscribe | source",
}


@sectioned("completion")
@click.argument("shell", type=click.Choice(tuple(_LINES)))
def command(shell: str) -> None:
    """Print a script that lets a shell complete commands.

    Bash, zsh and fish then complete the names of commands, options, models and kits.

    Add it to the file that the shell reads when it starts:

    \b
    drumscribe completion bash >> ~/.bashrc
    drumscribe completion zsh >> ~/.zshrc
    drumscribe completion fish >> ~/.config/fish/config.fish
    """
    click.echo(_LINES[shell])
