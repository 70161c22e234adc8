"""Addresses of programs on this or other machines."""

from typing import NamedTuple

import click


class Address(NamedTuple):
    """Where a program listens.

    Attributes
    ----------
    host : str
        A name or an address.
    port : int
        0 to 65535.
    """

    host: str
    port: int


class HostAndPort(click.ParamType):
    """A host and a port, as 127.0.0.1:9000 or [::1]:9000."""

    name = "HOST:PORT"

    def convert(self, value: str | Address, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        if isinstance(value, Address):
            return value
        host, _, port = value.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not host or not port.isdecimal() or int(port) > 65535:
            self.fail(f"{value!r} is not HOST:PORT, as 127.0.0.1:9000", param, ctx)
        return Address(host, int(port))


HOST_AND_PORT = HostAndPort()
