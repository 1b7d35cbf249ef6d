"""Escalations to the people who must act, in the order of their path.

feed          escalations, actions and heartbeats from Kafka, durable before they are committed
intake        what is to be done with one revision: send, hold, list, correct, drop
outbox        the local SQLite file that survives crashes
gathering     what is ready becomes messages: one, or a table of many
facts, render words and layout of a message
senders       one request to one endpoint, and what its answer means
dispatch      sends what is due, one loop per endpoint, and records the outcome
ledger        each attempt as a record on ``jushou.deliveries.v1``
supervision   what was asked, answered and closed; the printable notices
notifier      puts them together
"""
