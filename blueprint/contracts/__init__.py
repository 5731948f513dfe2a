"""Contracts: what must hold before any resource is declared, one plain function each.

A contract looks at the whole `Blueprint`, counts what it looked at, and reports a sentence for everything that is
wrong. All contracts run, whatever the others found, and the program refuses once with all violations.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from blueprint.findings import Finding, Location
from blueprint.model import Blueprint


@dataclass
class Inspection:
    """What one contract saw: how many things it looked at and what it found."""

    rule: str
    checked: int = 0
    findings: list[Finding] = field(default_factory=list)

    def check(self, count: int = 1) -> None:
        """Count `count` things as looked at; a contract that looks at nothing shows it."""
        self.checked += count

    def violation(self, message: str, at: Location, cause: str = "", *, at_cause: bool = False) -> None:
        """Report what refuses the plan: a sentence that says what is wrong and what to do; `Finding` has its cause."""
        self.findings.append(Finding(self.rule, message, at, cause=cause, at_cause=at_cause))

    def read(self, findings: Iterable[Finding]) -> None:
        """Report what a reader found, each with the severity that it has there."""
        self.findings.extend(replace(each, rule=self.rule) for each in findings)

    def warning(self, message: str, at: Location) -> None:
        """Report what is worth a look but refuses nothing."""
        self.findings.append(Finding(self.rule, message, at, "warning"))


ContractCheck = Callable[["Blueprint", Inspection], None]


@dataclass(frozen=True)
class Contract:
    """A registered contract; `incidents` are the numbers of recorded failures it prevents."""

    id: str
    title: str
    incidents: tuple[int, ...]
    check: ContractCheck


@dataclass(frozen=True)
class ContractResult:
    """The outcome of one contract."""

    contract: Contract
    checked: int
    findings: tuple[Finding, ...]


_REGISTRY: dict[str, Contract] = {}


def contract(rule: str, title: str, *, incidents: tuple[int, ...]) -> Callable[[ContractCheck], ContractCheck]:
    """Register a function as the contract `rule`; raises ValueError where that id is taken."""

    def register(check: ContractCheck) -> ContractCheck:
        if rule in _REGISTRY:
            raise ValueError(f"two contracts are called '{rule}'")
        _REGISTRY[rule] = Contract(rule, title, incidents, check)
        return check

    return register


def contracts() -> tuple[Contract, ...]:
    """Return every contract of the modules beside this one, ordered by id."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return tuple(_REGISTRY[key] for key in sorted(_REGISTRY))


def check_all(plan: Blueprint) -> tuple[ContractResult, ...]:
    """Run every contract on `plan` and return what each looked at and found."""
    results = []
    for each in contracts():
        report = Inspection(each.id)
        each.check(plan, report)
        results.append(ContractResult(each, report.checked, tuple(report.findings)))
    return tuple(results)
