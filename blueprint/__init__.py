"""The pure model of the pipeline: what is declared, what follows from it, and what must hold.

Nothing here imports Pulumi or talks to a network. `components` declares what this package derives.
"""

import sys
from pathlib import Path

# What is declared and what functions read are the same types: `shared.declaration`, by the name that it has in an archive.
# The folder comes first, so that no package `shared` of another project is taken for it.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "functions"))
