"""Who decides: pure functions from document, message and time to changes and the next step. Nothing here reads or writes."""
