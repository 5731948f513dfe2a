"""How names and sizes are written in a declaration: the texts that a platform, or this project, takes for each."""

from __future__ import annotations

from typing import Annotated

from shared.declaration.grammar import Range, TextPattern

Slug = Annotated[str, TextPattern(r"[a-z][a-z0-9-]{0,61}[a-z0-9]", "lower-case letters, digits and dashes")]
ServiceName = Annotated[
    str,
    TextPattern(
        r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", "a service's name: lower-case letters, digits and dashes, at most 63"
    ),
]
SecretId = Annotated[str, TextPattern(r"[A-Za-z0-9_-]{1,255}", "letters, digits, `_` and dashes, at most 255")]
"""What Secret Manager takes as a secret's name; others may have chosen it."""
TableName = Annotated[str, TextPattern(r"[A-Za-z0-9_]+\.[A-Za-z0-9_]+", "a dataset and a table, as in dataset.table")]
Folder = Annotated[str, TextPattern(r"(?!/)(?!.*\.\.)[A-Za-z0-9_./-]+", "a relative path inside the project")]
Memory = Annotated[str, TextPattern(r"\d+(Mi|Gi)", "a number and Mi or Gi")]
Cpu = Annotated[str, TextPattern(r"\d+(\.\d+)?", 'a number in quotes, such as "1"')]
Concurrency = Annotated[int, Range(1, 1000, "Cloud Run limit")]
Warm = Annotated[int, Range(0, 100)]
Most = Annotated[int, Range(1, 1000)]
Budget = Annotated[str, TextPattern(r"\d+(Ki|Mi)", "a number and Ki or Mi")]
