"""Filters of the Logging query language as values: whether they match an entry, and whether they can."""
