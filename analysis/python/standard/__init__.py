"""What each version's standard library has; `listing.py` says how the lists are made."""
