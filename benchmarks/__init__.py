"""Measures the product, and beside it what else could have been used, on one machine.

``python -m benchmarks`` runs the parts (``benchmarks.parts``), prints their tables and writes
``results.json``, ``results.md`` and ``results.svg``. No part of the path of an event.
"""
