"""Ports of loopback for the programs that tests start: below the range that the kernel gives to outgoing connections.

A port of that range may become some connection's own end while its server is down: then the server cannot come back.
"""

import random

from demo.house import port_is_free

FIRST_PORT = 12_000
END_PORT = 32_000  # Linux gives 32768 to 60999 to outgoing connections
_given: set[int] = set()
_random = random.SystemRandom()  # several test processes draw at once


def free_port() -> int:
    """Return a port that nobody listens on and that this process was not given before."""
    while True:
        port = _random.randrange(FIRST_PORT, END_PORT)
        if port not in _given and port_is_free(port):
            _given.add(port)
            return port
