"""Kafka records delivered to Faust agents in batches, with commits that are exact.

Agents, assignment, rebalancing, flow control, commits and sensors are Faust's. The difference: an
agent on a batch topic is given one RecordBatch for each fetch of a partition, so that Faust's cost
per event (four asyncio tasks for each record) is paid per batch. ::

    app = batch_app("group", bootstrap="localhost:9092", datadir=Path("state"))

    @app.agent(batch_topic(app, "events"), name="events", concurrency=1)
    async def handle(stream):
        async for batch in stream:      # RecordBatch
            ...

    asyncio.run(serve(app))

Guarantees: each record is delivered at least once and in the order of its partition; a batch is
committed only after the agent has asked for the next one, or, where it called ``keep_open``, said
that it is complete; an agent that raises stops the worker with its batch not committed;
``session.check`` refuses to go on for partitions that may have been given away while the process
stood still. Written against Faust 0.15.3 and aiokafka 0.14.0; each module names the private parts
of theirs that it relies on.

==================  ==========================================================================
record_batch        RecordBatch, what agents get
batch_topic         batch_topic marks a topic; BatchSchema passes batches through
batch_stream        BatchStream acknowledges completed batches only
consumer_thread     turns fetched records into batches, beside the heartbeats
consumer            lets batches through, commits, gives partitions up in order
partition_hooks     when state is restored and dropped
app, settings       BatchApp, batch_app, batch_app_settings
session             Session says whether the partitions can be another's by now
end_offsets         EndOffsetReader asks the brokers where partitions end
serving             serve runs an app and raises what failed in it
==================  ==========================================================================
"""

from .app import BatchApp, batch_app
from .batch_stream import BatchStream
from .batch_topic import MAX_WAITING_BATCHES, BatchSchema, batch_topic
from .consumer import BatchConsumer, BatchInHandTooSlow, BatchTransport
from .end_offsets import EndOffsetReader, EndOffsets
from .partition_hooks import PartitionHook
from .record_batch import Record, RecordBatch
from .serving import WorkerStillBusy, serve
from .session import Session, SessionExpired
from .settings import batch_app_settings

__all__ = [
    "MAX_WAITING_BATCHES",
    "BatchApp",
    "BatchConsumer",
    "BatchInHandTooSlow",
    "BatchSchema",
    "BatchStream",
    "BatchTransport",
    "EndOffsetReader",
    "EndOffsets",
    "PartitionHook",
    "Record",
    "RecordBatch",
    "Session",
    "SessionExpired",
    "WorkerStillBusy",
    "batch_app",
    "batch_app_settings",
    "batch_topic",
    "serve",
]
