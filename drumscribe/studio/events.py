"""Server-sent events for the open pages; any thread can send them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

_ALIVE_EVERY_S = 15.0
"""Time in seconds between two lines that detect broken connections."""


class Events:
    """Passes events to all pages of a user."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pages: set[asyncio.Queue] = set()

    def open(self) -> None:
        """Begin to pass events; called in the event loop."""
        self._loop = asyncio.get_running_loop()

    def close(self) -> None:
        """End the connections of all pages."""
        self._hand_on(None)

    def tell(self, event: dict) -> None:
        """Send an event to all pages."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._hand_on, event)

    def _hand_on(self, event: dict | None) -> None:
        for page in self._pages:
            page.put_nowait(event)

    async def stream(self, state: Callable[[], dict]) -> AsyncIterator[str]:
        """Yield the lines for one page: the current state, read once no event can be missed, then all events."""
        page: asyncio.Queue = asyncio.Queue()
        self._pages.add(page)
        try:
            yield _line(state())
            while True:
                try:
                    event = await asyncio.wait_for(page.get(), _ALIVE_EVERY_S)
                except asyncio.TimeoutError:  # built in from Python 3.11
                    yield ": alive\n\n"
                    continue
                if event is None:
                    return
                yield _line(event)
        finally:
            self._pages.discard(page)


def _line(event: dict) -> str:
    return f"data: {json.dumps(event, separators=(',', ':'))}\n\n"
