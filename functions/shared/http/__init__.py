"""Who speaks HTTP: the entry points of orchestrators and scheduled functions, who may call them, and `/health`."""
