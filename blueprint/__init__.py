"""The pure model of the pipeline: what is declared, what follows from it, and what must hold.

Nothing here imports Pulumi or talks to a network. `components` declares what this package derives.
"""
