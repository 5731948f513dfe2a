"""What `python -m ops plan` says: gathered once (`gather`), shown as text (`text`, `explain`) or JSON."""
