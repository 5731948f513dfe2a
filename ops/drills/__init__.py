"""Recorded failures, done again to a copy."""
