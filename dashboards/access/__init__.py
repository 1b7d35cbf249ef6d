"""Who may see what on the page: accounts, sessions, rights, limits, and the audit log.

Every request passes here before a question is asked. ``docs/access.md`` has the table of rights.
"""
