"""Which commands there are, and the parser of each.

A command is a module of this package with `add_arguments(parser)` and `run(args) -> int`. It is imported only when it
is called, so that help is instant and what one command needs no other has to have.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import importlib.util
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from ops import exitcodes, invocation
from ops.arguments import UnnamedStack, default_stack
from ops.progress import stage


@dataclass(frozen=True)
class Command:
    """What help says of a command: its example, which begins with its name, and one line of text."""

    example: str
    text: str

    @property
    def name(self) -> str:
        """Return the command's name as it is typed."""
        return self.example.partition(" ")[0]


GROUPS: Final[Mapping[str, tuple[Command, ...]]] = {
    "Before a release": (
        Command("plan --only Topic", "Show what would exist, and everything that is wrong."),
        Command("diff main", "Compare two plans, or a plan with a release."),
        Command("report --output page.html", "Write a page to look at: picture, parts, changes."),
        Command("policy --rules", "Judge the plan by the policy pack, offline."),
        Command("alerts --prometheus rules.yml", "Show alert rules, or write them out to be tested."),
        Command("build FUNCTION -o build", "Write a function's archive and its manifest to a folder."),
        Command("cost --completions 500", "Say what a month costs: quantities, list prices, assumptions."),
        Command(
            "audit functions --root functions",
            "Judge function folders: what is missing, what that would do.",
        ),
    ),
    "On call": (
        Command("status", "Show each phase: last success, failures, what is late."),
        Command("validate 2026-01-29", "Check a date: verdict, what is missing, what to do."),
        Command("repair 2026-01-29 --yes", "Rebuild a date's document and publish its trigger again."),
        Command("redrive FUNCTION --yes", "Show what waits in a dead letter, and publish it again."),
        Command("verify --only invokers", "Check a deployment by its effect."),
        Command("drift --json", "Compare the cloud with what was released."),
    ),
    "Release and take over": (
        Command("release --prepare build/release", "Preview, apply and verify exactly the reviewed plan."),
        Command("adopt --inventory assets.json", "Write the import file for what exists in the cloud."),
        Command("new pipeline shipments", "Begin a project, or add a part to one."),
    ),
    "The project's own files": (
        Command("docs --check", "Write the generated pages, or tell which are out of date."),
        Command("golden --check", "Write the golden inventory that tests compare with."),
        Command("coverage", "Show which check prevents which recorded incident."),
        Command("schema", "Write the JSON Schema that editors check the declaration with."),
        Command("release-schema", "Record the tables and messages of schemas/ as released."),
        Command("lock", "Pin the functions' requirements with versions and hashes."),
        Command("provider-types --check", "Write the table that inputs are checked against."),
    ),
    "This machine": (
        Command("local --replay DAY", "Run the whole pipeline here, or play a day on it."),
        Command("drill 24", "Break a copy as it broke once: what refuses, what reports it."),
        Command("doctor", "Say what this machine has and lacks, and how to get it."),
        Command("completion bash", "Print the completion script for bash, zsh or fish."),
    ),
}


class Parser(argparse.ArgumentParser):
    """A parser whose complaint is one sentence, with the word that was probably meant."""

    def error(self, message: str) -> NoReturn:
        """Leave with the message and where to read more."""
        end = "" if message.endswith(("?", ".")) else "."
        more = f"`{self.prog} --help` tells more."
        self.exit(exitcodes.USAGE, f"{self.prog}: {message}{end} {more}\n")

    def options(self) -> list[str]:
        """Return the long options it knows."""
        return [option for action in self._actions for option in action.option_strings if option.startswith("--")]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about a `word` that is none of `known`."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else f"there are {', '.join(names)}"


def existing() -> dict[str, Command]:
    """Return the commands whose modules are there, by name."""
    commands = (command for group in GROUPS.values() for command in group)
    return {each.name: each for each in commands if importlib.util.find_spec(_module(each.name))}


def parser(command: str | None = None) -> Parser:
    """Return the parser of everything; of the arguments of commands only those of `command` are there."""
    made = Parser(
        prog="ops",
        usage="ops [-v] COMMAND [ARGUMENTS]",
        description="Plan, check and operate the pipeline's orchestration. An example of each command:",
        epilog=_help(existing()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
    )
    made.add_argument("-h", "--help", action="help", help="show this, or with a command what it takes")
    made.add_argument("-v", "--verbose", action="store_true", help="log what happens, tracebacks included")
    made.add_argument("--version", action=Version, nargs=0, help="show the version")
    below = made.add_subparsers(metavar="COMMAND", help=argparse.SUPPRESS, prog="ops", parser_class=Parser)
    for name in existing():
        own = below.add_parser(name, formatter_class=argparse.RawDescriptionHelpFormatter, epilog=exitcodes.HELP)
        if name == command:
            with stage(f"Loading `{name}`"):
                module = importlib.import_module(_module(name))
            own.description = module.__doc__
            module.add_arguments(own)
            own.set_defaults(run=module.run, parser=own)
    return made


class Version(argparse.Action):
    """Prints the version of the project whose commands these are."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        """Print it and leave."""
        import tomllib
        from importlib import metadata

        name = "phase-orchestration"
        file = invocation.CODE / "pyproject.toml"  # in a checkout; an installed wheel has none
        told = tomllib.loads(file.read_text(encoding="utf-8"))["project"] if file.is_file() else {}
        print(f"{name} {told.get('version') or metadata.version(name)}")
        parser.exit()


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what a command line says, with the command's `run`; leaves with a sentence where it is not understood."""
    place = next((index for index, word in enumerate(arguments) if not word.startswith("-")), len(arguments))
    word = arguments[place] if place < len(arguments) else ""
    name = word.replace("_", "-")
    known = existing()
    top = parser(name)
    if word and name not in known:
        top.error(f"there is no command '{word}'; {did_you_mean(name, known)}")
    given, rest = top.parse_known_args([*arguments[:place], *([name] if word else []), *arguments[place + 1 :]])
    if not word:
        top.error("no command is given")
    if rest:
        option = rest[0].partition("=")[0]
        given.parser.error(f"'{rest[0]}' is not understood; {did_you_mean(option, given.parser.options())}")
    if isinstance(getattr(given, "stack", None), UnnamedStack):
        given.stack = default_stack(given.root)
    return given


def complete() -> None:
    """Answer a shell that wants to complete a command line, and leave; the line is in the variables it sets."""
    import argcomplete

    words = os.environ.get("COMP_LINE", "").split()
    name = next((word for word in words[1:] if word in existing()), None)
    argcomplete.autocomplete(parser(name), always_complete_options=False)


def _module(name: str) -> str:
    return f"ops.{name.replace('-', '_')}"


def _help(commands: Mapping[str, Command]) -> str:
    width = max(len(each.example) for each in commands.values())
    lines = []
    for title, group in GROUPS.items():
        there = [each for each in group if each.name in commands]
        lines += [f"{title}:", *(f"  {each.example:<{width}}  {each.text}" for each in there)] if there else []
    return "\n".join([*lines, "", exitcodes.HELP])
