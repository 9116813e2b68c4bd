"""Settings of all tests: none is failed for its time, and nothing is written out at length that nobody reads."""

import signal
from functools import partial

import structlog
from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# structlog's own way draws every local of every frame, which of a whole cloud takes a minute for one fault.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=True),
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)
# Where Python's own handler is set, asyncio sets another around each test, and `signal` writes out all that the test
# holds to tell that handler from a number: a fifth of the time of the cloud's tests.
signal.signal(signal.SIGINT, partial(signal.default_int_handler))
