"""How a program ends that is through with its input: it says so, and waits to be looked at."""

import signal

import orjson


def through(**said: float) -> None:
    """Print `said` as one JSON line and return when told to stop (SIGTERM).

    Until then the process lives, so that what it has used can be read.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    print(orjson.dumps(said).decode(), flush=True)
    signal.sigwait({signal.SIGTERM})
