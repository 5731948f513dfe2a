"""Reads Python without importing it: one record per source text, and the graph of what one module can load.

`record` is what a file says, `closure` puts records together. Nothing here knows a pipeline, an archive or a cloud.
"""
