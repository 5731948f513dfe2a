__all__ = ["listed", "part", "forgotten"]
listed = 1
hidden = 2
