"""A twin of the Google Cloud provider, for tests under the real engine: it never ships.

`cloud` is what it keeps (one SQLite file), `kinds` how the real provider names and completes each kind, `changes`
what a change of inputs means, and `provider` the gRPC service that the engine attaches to.
"""
