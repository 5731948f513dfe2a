"""Judges anybody's tree of function folders: what is missing, and what that would do in production."""
