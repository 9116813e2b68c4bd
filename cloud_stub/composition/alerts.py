"""Builds what mails alerts to owners."""

from collections.abc import Callable
from datetime import datetime

from cloud_stub.errors import CloudError
from cloud_stub.flow.alert_to_owner import AlertDesk, Picture
from cloud_stub.flow.serve_media import ServeMedia
from cloud_stub.ports import Clock, Messages, Records
from cloud_stub.web.alert_letter import alert_writer
from cloud_stub.web.languages import Languages


def build_alerts(
    records: Records, serve: ServeMedia, carrier: Messages, url: str, now: Callable[[], datetime], real: Clock
) -> AlertDesk:
    """Return the desk; its pictures are the clips' posters."""
    return AlertDesk(records, carrier, alert_writer(Languages(), url), _poster_of(serve), now, real)


def _poster_of(serve: ServeMedia) -> Picture:
    async def poster(account_id: str, clip_id: str) -> bytes | None:
        try:
            return await serve.poster(await serve.find(account_id, clip_id))
        except CloudError:
            return None

    return poster
