"""The end of the path of an event: what the stream decided, into the warehouse.

One way in (``sinks.run``): ``consumer`` reads lists of Kafka records, ``batch`` gathers them per
partition until they are worth a block, ``clickhouse.blocks`` makes rows of them and
``clickhouse.native`` columns, ``clickhouse.writer`` inserts these, and only then are the offsets
committed.
"""
