"""What an audit says: of a tree, of each function folder in it, of each thing that is wrong there."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.audit.references import Reference
from analysis.audit.scripts import CopyStep, UnreadStep
from analysis.python.finder import SearchFolder
from analysis.python.impact import Impact


@dataclass(frozen=True, order=True)
class Site:
    """A line of the tree; `file` is POSIX and relative to it."""

    file: str
    line: int


@dataclass(frozen=True)
class AuditFinding:
    """One thing that is wrong with one function, with every place that shows it."""

    consequence: Impact
    kind: str
    subject: str
    message: str
    sites: tuple[Site, ...]


@dataclass(frozen=True)
class AuditedFunction:
    """What is known of one function folder.

    Attributes:
        name: the folder, relative to the tree.
        modules: first-party modules that the entry reaches.
        missing: modules that it reaches and that are not there, sorted.
        dangling: links in the folder that lead nowhere.
        silent: findings whose failure would be swallowed.
        unpinned: requirements without an exact version.
        size: bytes of the reached sources.
        findings: all, worst first.
    """

    name: str
    modules: int
    missing: tuple[str, ...]
    dangling: int
    silent: int
    unpinned: tuple[str, ...]
    size: int
    findings: tuple[AuditFinding, ...]

    @property
    def verdict(self) -> str:
        """Return the worst consequence in words; `sound` when at most latent and everything could be read."""
        worst = min((finding.consequence for finding in self.findings), default=Impact.LATENT)
        return "sound" if worst is Impact.LATENT else worst.words


@dataclass(frozen=True)
class Audit:
    """The functions of a tree, and what was made of the tree.

    Attributes:
        functions: all that were found.
        roots: what is copied beside each.
        copied: the steps of a deployment that say so.
        left_out: folders that were not looked into, with the reason.
        unread: steps of a deployment that cannot be told from its scripts.
        lost: steps of a deployment that copy what is not there.
        references: folders that the tree's files name and that are not there.
    """

    functions: tuple[AuditedFunction, ...]
    roots: tuple[SearchFolder, ...]
    copied: tuple[CopyStep, ...] = ()
    left_out: tuple[str, ...] = ()
    unread: tuple[UnreadStep, ...] = ()
    lost: tuple[UnreadStep, ...] = ()
    references: tuple[Reference, ...] = ()

    @property
    def sound(self) -> bool:
        """Return whether no function has more than latent findings, and no step of a deployment fails."""
        return not self.lost and all(function.verdict == "sound" for function in self.functions)

    @property
    def known(self) -> bool:
        """Return whether what is wrong, if anything, is known to be wrong."""
        wrong = any(function.verdict not in ("sound", Impact.NOT_KNOWN.words) for function in self.functions)
        return wrong or bool(self.lost)
