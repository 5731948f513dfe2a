"""PromQL conditions as values, the metrics that the platform emits, and whether a condition can hold."""
