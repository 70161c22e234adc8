"""Projects of sequencers, with the recording, its tempo map, markers and the drums in place."""

from .dawproject import write_dawproject
from .reaper import write_rpp

__all__ = ["write_dawproject", "write_rpp"]
