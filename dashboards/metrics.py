"""What the page measures of itself, for ``/metrics``; labels are names of routes and questions."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """The page's own registry, so that two apps in one interpreter do not meet."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.query_seconds = Histogram(
            "jushou_page_query_seconds", "time of a question", ["query"], registry=self.registry
        )
        self.query_failures = Counter(
            "jushou_page_query_failures", "unanswered questions", ["query"], registry=self.registry
        )
        self.streams = Gauge("jushou_page_streams", "open live streams", registry=self.registry)
        self.requests = Counter(
            "jushou_page_requests", "answers by status", ["status"], registry=self.registry
        )

    def render(self) -> bytes:
        """Return the text exposition format."""
        return generate_latest(self.registry)
