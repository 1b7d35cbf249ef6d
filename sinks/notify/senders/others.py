"""Every other service, through apprise: it says yes or no, and no more."""

from __future__ import annotations

import asyncio

from schemas.routing.model import Endpoint
from sinks.notify.document import Document, Letter
from sinks.notify.formats import plain_text
from sinks.notify.outcome import DELIVERED, Outcome, Verdict, Why
from sinks.notify.own_thread import in_thread


class Others:
    """One service of apprise by its URL; a ``False`` of it is tried again."""

    def __init__(self, endpoint: Endpoint, url: str) -> None:
        self._timeout_s = endpoint.timeout_s
        self._url = url

    async def send(self, document: Document, letter: Letter, address: str, now_ms: int) -> Outcome:
        """Send title and text; a time-out leaves it in doubt."""
        try:
            async with asyncio.timeout(self._timeout_s):
                taken = await in_thread(lambda: self._notify(document))
        except TimeoutError:
            return Outcome(Verdict.IN_DOUBT, Why.NO_ANSWER, whole_endpoint=True)
        return DELIVERED if taken else Outcome(Verdict.RETRY, Why.REFUSED)

    def _notify(self, document: Document) -> bool:
        # Takes half a second to import, and few installations use it.
        from apprise import Apprise

        service = Apprise()
        if not service.add(self._url):
            return False
        return bool(service.notify(title=document.title, body=plain_text(document)))

    async def close(self) -> None:
        """Nothing is kept open."""
