"""The administrative divisions of Yunnan."""
