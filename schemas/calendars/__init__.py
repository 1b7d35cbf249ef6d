"""Which days are working days: published data, changes in flight, prefecture holidays."""
