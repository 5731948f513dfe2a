"""What the pipeline stores and sends: tables, views, streams, Firestore indexes and messages, as values.

Every file under `schemas/` becomes a value here and a resource later; nothing is listed a second time. The
heavy SQL parser is imported only when a file's content is not in the cache.
"""
