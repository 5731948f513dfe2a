"""The embedded engine: evaluate the program as `pulumi preview` does, without CLI, network or credentials.

`engine.evaluate` runs it; `monitor` answers and checks; `record` is what was registered; `planned` stands for what
only a deployment knows; `project` is the configuration. Importing this package does not import Pulumi.
"""
