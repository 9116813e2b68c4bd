"""Whether the cloud does its work: /healthz for whoever restarts it, /metrics for whoever watches it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from cloud_stub.ports import Records

OUTBOX_LIMIT = 1000
"""So many messages that wait for the broker mean that it has been away for long."""


@dataclass(slots=True)
class CloudHealth:
    """What is counted and asked. `broker_is_up` tells whether the cloud's own broker session stands."""

    records: Records
    broker_is_up: Callable[[], bool]
    answers: Counter[str] = field(default_factory=Counter)

    async def report(self) -> dict[str, object]:
        """Return the figures; `reasons` is empty when all is well. A database that fails raises.

        Asked every few seconds: it counts in indexes and reads no module's state and no message.
        """
        async with self.records.reading() as records:
            waiting = await records.leases.count_outbox(OUTBOX_LIMIT)
            modules, online = await records.modules.count_claimed()
            accounts = await records.accounts.count()
        up = self.broker_is_up()
        reasons = [] if up else ["broker_away"]
        if waiting >= OUTBOX_LIMIT:
            reasons.append("outbox_full")
        return {
            "reasons": reasons,
            "broker_up": up,
            "outbox_waiting": waiting,
            "modules": modules,
            "modules_online": online,
            "accounts": accounts,
        }


def count_answers(health: CloudHealth) -> Middleware:
    """Return the middleware that counts answers by the hundreds of their status."""

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        status = 500
        try:
            response = await handler(request)
            status = response.status
        except web.HTTPException as answer:
            status = answer.status
            raise
        finally:
            health.answers[f"{status // 100}xx"] += 1
        return response

    return count


def metrics_text(report: dict[str, object], answers: Counter[str]) -> str:
    """Return the figures in Prometheus' text format."""
    gauges = {
        "broker_up": "1 while the cloud's own session with the broker stands",
        "outbox_waiting": "messages that wait for the broker",
        "modules": "modules that are claimed",
        "modules_online": "modules that are online",
        "accounts": "accounts",
    }
    lines = []
    for name, meaning in gauges.items():
        value = report[name]
        lines += [f"# HELP veilleur_cloud_{name} {meaning}", f"# TYPE veilleur_cloud_{name} gauge"]
        lines.append(f"veilleur_cloud_{name} {int(value) if isinstance(value, (bool, int)) else 0}")
    lines += ["# HELP veilleur_cloud_answers_total HTTP answers", "# TYPE veilleur_cloud_answers_total counter"]
    lines += [f'veilleur_cloud_answers_total{{status="{status}"}} {count}' for status, count in sorted(answers.items())]
    return "\n".join(lines) + "\n"
