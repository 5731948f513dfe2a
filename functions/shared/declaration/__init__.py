"""What the declaration looks like from inside a function: its view of `pipeline.yaml`, its environment, its fields' types."""
