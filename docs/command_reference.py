"""Writes the page of the command line from the commands themselves, whenever the manual is built: a hook of MkDocs."""

from collections.abc import Iterator

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from drumscribe.cli import main

PAGE = "reference/commands.md"
HEAD = """# Command line

What `drumscribe COMMAND --help` prints, for every command.
"""


def commands_below(group: click.Group, name: str) -> Iterator[tuple[str, click.Command]]:
    """Every command, with the words that call it, a group before what is in it."""
    yield name, group
    context = click.Context(group)
    for child in group.list_commands(context):
        command = group.get_command(context, child)
        if isinstance(command, click.Group):
            yield from commands_below(command, f"{name} {child}")
        elif command is not None and not command.hidden:
            yield f"{name} {child}", command


def help_of(command: click.Command, name: str) -> str:
    """What its ``--help`` prints on a screen of 80 columns."""
    settings = command.context_settings | {"terminal_width": 80, "help_option_names": ["-h", "--help"]}
    with click.Context(command, info_name=name, **settings) as context:
        return command.get_help(context)


def reference() -> str:
    """The page, in Markdown."""
    commands = commands_below(main, "drumscribe")
    return "\n".join([HEAD, *(f"## {name}\n\n```text\n{help_of(command, name)}\n```\n" for name, command in commands)])


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page to those of the manual."""
    files.append(File.generated(config, PAGE, content=reference()))
    return files
