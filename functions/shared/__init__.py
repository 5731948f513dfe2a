"""The functions' one library: the engine that turns completions into exactly one trigger per boundary and date.

It knows no name of any pipeline. What a function needs to know travels as `pipeline.json` beside its `main.py`, and
`view` reads it. From pure to impure: `names`, `rules`, `transition` (decisions), `protocol` (their order, as a
generator of effects), then `store`, `publisher`, `warehouse` (the effects) and `surface` (HTTP).
"""
