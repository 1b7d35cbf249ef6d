"""What analysts ask the warehouse: questions by name, and their answers as files.

The very end of the path of an event, only read from. A question is a view with parameters that a
numbered migration makes (``sinks/clickhouse/migrations``; the newest of a name counts), so that
``SELECT … FROM attainment(as_of = …, …)`` and ``jushou export attainment`` say the same. The
comment above the view is its documentation; ``questions`` reads it. On the way to a file,
``small_cells`` withholds numbers of so few that they could be about somebody one knows, and
``files`` writes what is left.
"""
