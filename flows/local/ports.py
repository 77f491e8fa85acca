"""Loopback ports: a free one, or the one asked for."""

import socket

LOOPBACK = "127.0.0.1"
USUAL_KAFKA, USUAL_REDIS, USUAL_METRICS = 19092, 16379, 19464
"""What is used when nothing is asked for and they are free, so that examples can name them."""


class PortTaken(Exception):
    """Another program listens on the port that was asked for."""

    def __init__(self, port: int, option: str) -> None:
        super().__init__(
            f"port {port} is taken by another program; choose another one with {option}"
            " (0 = any free)"
        )
        self.port = port


def loopback_port(wanted: int, option: str) -> int:
    """`wanted` when it is free, any free port for 0.

    Raises PortTaken, which names `option`, the way to ask for another.
    """
    with socket.socket() as probe:
        # Servers set this too: a port whose last connections are still in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, wanted))
        except OSError:
            raise PortTaken(wanted, option) from None
        port: int = probe.getsockname()[1]
        return port


def usual_port(usual: int) -> int:
    """`usual` when it is free and no other `up` is about to use it, else 0, which stands for any.

    This process keeps it to its end: a server started on a port that another one takes at the same
    moment could not be told from that one.
    """
    try:
        return loopback_port(usual, "") if usual in _kept or _keep(usual) else 0
    except PortTaken:
        return 0


_kept: dict[int, socket.socket] = {}
"""Port → what keeps it: UDP's port of the same number, a lock that no crash leaves behind."""


def _keep(port: int) -> bool:
    lock = socket.socket(type=socket.SOCK_DGRAM)
    try:
        lock.bind((LOOPBACK, port))
    except OSError:
        lock.close()
        return False
    _kept[port] = lock
    return True
