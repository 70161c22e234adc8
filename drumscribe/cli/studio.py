"""`drumscribe studio`."""

import threading
import webbrowser
from pathlib import Path

import click

from .group import Failure, before_work
from .options.paths import NamedPath


@click.command("studio")
@click.argument("folder", required=False, type=NamedPath(path_type=Path), metavar="[FOLDER]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="Port to listen on; 0 for any free one.",
)
@click.option("--browser/--no-browser", default=True, help="Open the page in the browser (the default), or not.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Address to listen on.")
@click.option(
    "--token",
    "tokens",
    multiple=True,
    metavar="[NAME:]SECRET",
    help="Secret that browsers must give; needed beyond this machine. Can be repeated, with a NAME for each user.",
)
@click.option("--hosted", is_flag=True, help="Give each user of --token NAME:SECRET a folder and limits.")
@click.option(
    "--data",
    type=NamedPath(path_type=Path),
    metavar="DIR",
    help="Folder for uploads, drafts and jobs. [default: studio, in the user's data folder]",
)
def command(
    folder: Path | None,
    port: int,
    browser: bool,
    host: str,
    tokens: tuple[str, ...],
    hosted: bool,
    data: Path | None,
) -> None:
    """Open the studio, a page to transcribe, correct and teach.

    The page lists the recordings in FOLDER; drop others onto it. This machine serves the page. It works without
    internet, and sends nothing elsewhere. Everything is saved as you go. Ctrl-C closes the studio; unfinished jobs go
    on when you open it again.

    Needs pip install "drumscribe[studio]".
    """
    from ..errors import DrumscribeError

    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        missing = DrumscribeError(f'{error.name} is not installed: pip install "drumscribe[studio]"')
        raise Failure(missing, 2) from None
    from ..runtime import one_thread

    with one_thread(), before_work():
        from platformdirs import user_data_path

        from ..studio.app import make_app
        from ..studio.serving import listen, serve
        from ..studio.settings import Settings, read_token

        data = data or user_data_path("drumscribe", appauthor=False) / "studio"
        folder = None if folder is None else folder.resolve()
        settings = Settings(data.resolve(), folder, host, port, dict(map(read_token, tokens)), hosted)
        listener = listen(settings)
        try:
            app = make_app(settings)
        except DrumscribeError:
            listener.close()
            raise
    address = f"http://{'localhost' if settings.is_local else host}:{listener.getsockname()[1]}/"
    click.echo(f"The studio is open at {address} (Ctrl-C closes it)")
    if browser:
        threading.Timer(0.5, webbrowser.open, [address]).start()
    serve(app, listener)
