"""What else could have been used: the same log, less work per event, as fast as it goes."""
