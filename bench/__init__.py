"""Measurements, printed as tables: `python -m bench [NAME...]`. They are figures to read, not tests to pass."""
