"""Events for the pages that are open, as server-sent events; told from any thread."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

_ALIVE_EVERY_S = 15.0
"""A line is sent so often, so that a connection that is broken is found to be."""


class Events:
    """Hands events on to all pages of a user."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pages: set[asyncio.Queue] = set()

    def open(self) -> None:
        """Begin to hand on; called in the event loop."""
        self._loop = asyncio.get_running_loop()

    def close(self) -> None:
        """Let all pages' connections end."""
        self._hand_on(None)

    def tell(self, event: dict) -> None:
        """Tell all pages."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._hand_on, event)

    def _hand_on(self, event: dict | None) -> None:
        for page in self._pages:
            page.put_nowait(event)

    async def stream(self, state: Callable[[], dict]) -> AsyncIterator[str]:
        """The lines for one page: how things stand, asked for once nothing is missed any more, and all that follows."""
        page: asyncio.Queue = asyncio.Queue()
        self._pages.add(page)
        try:
            yield _line(state())
            while True:
                try:
                    event = await asyncio.wait_for(page.get(), _ALIVE_EVERY_S)
                except asyncio.TimeoutError:  # the built-in one from Python 3.11 on
                    yield ": alive\n\n"
                    continue
                if event is None:
                    return
                yield _line(event)
        finally:
            self._pages.discard(page)


def _line(event: dict) -> str:
    return f"data: {json.dumps(event, separators=(',', ':'))}\n\n"
