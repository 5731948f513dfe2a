"""Taking over what already exists: `inventory` reads it, `compare` judges it, `importfile` writes what to import."""
