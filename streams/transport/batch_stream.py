"""The stream that an agent iterates over; decides when a batch counts as handled.

Faust acknowledges an event also when its agent raised or was cancelled: in the ``finally`` around
``yield``, on every path out of it. A batch would then be committed though nobody handled it. Here a
batch is acknowledged only when the agent asks for the next one, or, where it keeps the batch open,
when it says that it is complete: so it can begin the next one while effects of this one are under
way.

Relied on in Faust 0.15.3 (``streams.py``, ``_cython/streams.pyx``): an agent calls nothing but
``Stream.__aiter__``; ``Stream.maybe_start``, ``_set_current_event``, ``_channel_stop_iteration``,
``_active_agens``, ``_processors``, the sensors ``_on_...``; ``Consumer.track_message``;
``Message.generation_id``.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, cast

import faust
from faust.exceptions import ImproperlyConfigured
from faust.types import TP, ChannelT
from mode.utils.futures import maybe_async

from .batch_topic import BatchSchema


@dataclass(slots=True, eq=False)
class _InHand:
    """A batch that was handed out, and what the sensors know it by."""

    event: Any
    handling: Any
    is_kept_open: bool = False
    is_complete: bool = False


class BatchStream(faust.Stream[Any]):
    """Faust's stream; over a batch topic it yields batches and acknowledges those completed."""

    def __init__(self, channel: Any, **options: Any) -> None:
        super().__init__(channel, **options)
        self._in_batches = isinstance(getattr(self.channel, "schema", None), BatchSchema)
        if self._in_batches and self.concurrency_index is not None:
            raise ImproperlyConfigured(
                f"the agent of the batch topic {channel} must have concurrency=1: offsets are"
                " committed in the order in which batches are completed"
            )
        self._in_hand: _InHand | None = None
        self._open: defaultdict[TP, deque[_InHand]] = defaultdict(deque)

    def keep_open(self) -> Callable[[], None]:
        """Return what completes the batch in hand; asking for the next one then does not.

        To be called in the app's event loop, whenever it may be. A batch is acknowledged when it
        and all before it of its partition are complete. One that never is stops the worker at the
        next rebalance, as a batch does that takes too long.
        """
        kept = self._in_hand
        if kept is None:
            raise RuntimeError("there is no batch in hand to keep open")
        kept.is_kept_open = True
        return lambda: self._complete(kept)

    def __aiter__(self) -> AsyncIterator[Any]:
        if not self._in_batches:
            return super().__aiter__()
        batches = self._batches()
        self._active_agens.add(batches)  # closed with the stream, as Faust's own iterators are
        return batches

    async def _batches(self) -> AsyncGenerator[Any, None]:
        self._finalized = True
        started_here = await self.maybe_start()
        try:
            while not self.should_stop:
                event = await self._next_event()
                if self._is_outdated(event.message):
                    continue  # not acknowledged: it is fetched again after the rebalance
                in_hand = self._begin(event)
                value = event.value
                for processor in self._processors:
                    value = await maybe_async(processor(value))
                yield value
                self._set_current_event(None)
                self._in_hand = None
                if not in_hand.is_kept_open:
                    self._complete(in_hand)
                # Or the last batch stays in memory while the topic is quiet.
                del event, value, in_hand
        except StopAsyncIteration:
            return  # put into the channel by Faust to end the agent
        finally:
            self._channel_stop_iteration(self.channel)
            if started_here:
                await self.stop()
                self.service_reset()

    async def _next_event(self) -> Any:
        # Lets timers and commits run under an agent that never waits for anything.
        await asyncio.sleep(0)
        queue = cast("ChannelT[Any]", self.channel).queue
        return queue.get_nowait() if not queue.empty() else await queue.get()

    def _is_outdated(self, message: Any) -> bool:
        return (
            not self.app.flow_control.is_active()
            or message.generation_id != self.app.consumer_generation_id
        )

    def _begin(self, event: Any) -> _InHand:
        message = event.message
        if not message.tracked:
            message.tracked = True
            self.app.consumer.track_message(message)
        self._set_current_event(event)
        handling = self._on_stream_event_in(message.tp, message.offset, self, event)
        self._in_hand = _InHand(event, handling)
        self._open[message.tp].append(self._in_hand)
        return self._in_hand

    def _complete(self, completed: _InHand) -> None:
        completed.is_complete = True
        before = self._open[completed.event.message.tp]
        while before and before[0].is_complete:
            self._acknowledge(before.popleft())

    def _acknowledge(self, completed: _InHand) -> None:
        event, message = completed.event, completed.event.message
        was_last_stream = event.ack()
        self._on_stream_event_out(message.tp, message.offset, self, event, completed.handling)
        if was_last_stream:
            self._on_message_out(message.tp, message.offset, message)
