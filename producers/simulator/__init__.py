"""A simulated province: its history, its going on live, and the log of the benchmarks.

Stands where the departments' systems stand: before the producers. Pure and deterministic by seed;
it reads no clock and knows no Kafka.
"""
