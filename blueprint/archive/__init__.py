"""Archives of functions: the closure of what each one imports, proven complete, packed reproducibly.

`analyse_function` is the whole interface: one declared function in, one frozen `Archive` out, with everything
that is wrong as findings. Nothing here imports or runs the code it analyses; `acceptance` does that, in
interpreters of its own.
"""

from __future__ import annotations

from analysis.cache import Cache
from blueprint.archive.build import analyse_function, analyse_functions
from blueprint.archive.distributions import LockedDistributions, read_distributions
from blueprint.archive.model import (
    Archive,
    ArchiveFile,
    ArchiveSource,
    CodeQuery,
    CodeTableUse,
    Distribution,
    Signature,
    SourceRoot,
    Use,
    Uses,
)

__all__ = [
    "Archive",
    "ArchiveFile",
    "ArchiveSource",
    "Cache",
    "CodeQuery",
    "CodeTableUse",
    "Distribution",
    "LockedDistributions",
    "Signature",
    "SourceRoot",
    "Use",
    "Uses",
    "analyse_function",
    "analyse_functions",
    "read_distributions",
]
