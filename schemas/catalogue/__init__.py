"""The catalogue of service items: clocks, ladders and count rules, as data files by policy."""
