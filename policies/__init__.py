"""The policy pack: what the engine refuses to create, whoever wrote the program and however it was changed.

Contracts (`blueprint.contracts`) judge the declaration before any resource exists; these rules judge the
resources themselves, as the last gate that nobody can walk around. A rule is a plain function over a `Case`
(`policies.case`) registered in `policies.rules`; only `policies/__main__.py` makes a `PolicyPack`, because
making one starts a server and blocks.
"""
