"""The embedded ClickHouse: the engine itself (chdb) behind ClickHouse's native TCP protocol.

Sinks, pages and analysts talk to it through clickhouse-driver as they talk to a real server, and
several processes share it. One program, ``python -m jushou.runtime.clickhouse_front``; what a
query passes through, in order:

    server.py       one thread and one session of the engine per client
    handshake.py    who it is, and which database
    connection.py   packet by packet: ping, query, cancel
    statements.py   what a statement is, and what is refused
    answers.py      columns and blocks of an answer
    spool.py        the blocks of an insert, until all are here
    session.py      the engine: streams, whole answers, settings of one query
    blocks.py       native blocks on the wire, compressed or not

The protocol revision is 54453, the last one without custom serialisation: the engine's native
blocks then pass through as they are.
"""
