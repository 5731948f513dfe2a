"""The rules of those who read declaration, stack, schemas and code: what each refuses, and where it is written.

Contracts and policies register themselves; what a reader refuses while it reads is listed here, so that every rule that
a finding can name has a title and a reason. A test compares this list with the findings that the readers make.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class ReaderRule:
    """A rule of a reader.

    Attributes:
        id: its stable name, which findings carry.
        title: what it holds, as one short sentence without a full stop.
        reason: what would happen without it.
        module: the module or package that reads, from the top of the project.
    """

    id: str
    title: str
    reason: str
    module: str


READERS: Final = tuple(
    ReaderRule(*each)
    for each in (
        (
            "archive-acceptance",
            "Every archive starts where nothing but itself and its requirements is",
            "What reading cannot tell shows when the entry point is loaded the way the platform loads it.",
            "blueprint.archive.acceptance",
        ),
        (
            "archive-arguments",
            "Every call gives what the called function takes",
            "A function whose signature changed raises TypeError in the caller that was forgotten, on the day its line runs.",
            "blueprint.archive.rules",
        ),
        (
            "archive-computed-import",
            "Modules imported by a computed name are declared",
            "What is imported by a name that only running the code tells can be left out of the archive unseen.",
            "blueprint.archive.rules",
        ),
        (
            "archive-eager-init",
            "No package loads distributions for those who did not ask",
            "A client that a package's init loads costs every cold start time and memory.",
            "blueprint.archive.rules",
        ),
        (
            "archive-entry-point",
            "The declared entry point is in main.py and is called as its trigger calls",
            "A revision whose entry point is missing, or is registered for something else, never starts.",
            "blueprint.archive.rules",
        ),
        (
            "archive-indirect",
            "What code imports is a requirement of its own",
            "A distribution that is there because another asks for it goes when that other one stops asking.",
            "blueprint.archive.rules",
        ),
        (
            "archive-link",
            "Links lead to files inside the project",
            "A link arrives in an archive as its content or not at all, and a file outside is another one elsewhere.",
            "blueprint.archive.rules",
        ),
        (
            "archive-missing-attribute",
            "Every attribute that code reads of its own objects is theirs",
            "A method or field that was renamed raises AttributeError in the code that was forgotten, on the day its line runs.",
            "blueprint.archive.rules",
        ),
        (
            "archive-missing-module",
            "Every import finds its module in the archive or in the lock",
            "An orchestrator that lacks one module starts on no message, and the old revision hides it.",
            "blueprint.archive.rules",
        ),
        (
            "archive-missing-name",
            "Every imported name is defined in its module",
            "A name that was renamed in one place raises ImportError at start, or on a rare path.",
            "blueprint.archive.rules",
        ),
        (
            "archive-optional-import",
            "Imports declared optional are guarded and can be absent",
            "A guard that hides the loss of a module was once taken for health.",
            "blueprint.archive.rules",
        ),
        (
            "archive-relative-import",
            "Relative imports stay in their package",
            "A relative import that leaves its package raises ImportError when the line runs.",
            "blueprint.archive.rules",
        ),
        (
            "archive-resource",
            "Data files that code reads are in the archive",
            "A file that lies beside the code in the repository and not in the archive is missed at run time only.",
            "blueprint.archive.rules",
        ),
        (
            "archive-shadow",
            "No module hides one of the standard library or of a distribution",
            "Whoever imports the hidden module, a library included, gets the wrong one.",
            "blueprint.archive.rules",
        ),
        (
            "archive-size",
            "Archives stay within their budget",
            "An archive grows by what somebody imports in passing, and cold starts grow with it.",
            "blueprint.archive.contents",
        ),
        (
            "archive-syntax",
            "Every packaged file compiles on the runtime's Python",
            "A file that does not compile stops the whole function, also where only a rare path needs it.",
            "blueprint.archive.rules",
        ),
        (
            "archive-test-code",
            "Nothing that is deployed imports test code",
            "Test code brings its helpers and its data into production.",
            "blueprint.archive.rules",
        ),
        (
            "archive-two-owners",
            "Every module is in one place",
            "With two files of one name the search path decides which is loaded, here and there differently.",
            "blueprint.archive.rules",
        ),
        (
            "archive-unbound-name",
            "Every name that code uses is defined",
            "A name that nothing defines raises NameError on the day when its line runs.",
            "blueprint.archive.rules",
        ),
        (
            "firestore-schema",
            "Files of collections say what Firestore takes",
            "An index or expiry that Firestore refuses stops a release half way.",
            "blueprint.schemas.firestore",
        ),
        (
            "function-folder",
            "Every declared function has its folder",
            "A function without code cannot be deployed; one whose folder was moved keeps its old code.",
            "blueprint.sources",
        ),
        (
            "functions-lock",
            "The lock names every requirement, for the runtime's Python, with hashes",
            "A version that nobody pinned changes what is deployed without a commit.",
            "blueprint.archive.distributions",
        ),
        (
            "manifest",
            "The declaration is complete, typed, and names only what it declares",
            "A name that is written in two places differs in one of them after the next change.",
            "blueprint.loader",
        ),
        (
            "message-schema",
            "Message schemas are JSON Schema in the part that both sides understand",
            "What the schema does not say, publisher and consumer each guess.",
            "blueprint.schemas.messages",
        ),
        (
            "query-resolves",
            "Every view finds its tables and columns",
            "A view over a column that does not exist is refused by BigQuery in the middle of a release.",
            "blueprint.schemas.statements",
        ),
        (
            "schema-file",
            "Files of tables lie where their place says what they are",
            "A file in another place is a table that nobody creates.",
            "blueprint.schemas.loader",
        ),
        (
            "schema-placeholder",
            "Placeholders of views are offered by the declaration",
            "A placeholder that nothing fills would be sent to BigQuery as text.",
            "blueprint.schemas.loader",
        ),
        (
            "schema-sql",
            "Tables and views are written in GoogleSQL that BigQuery takes",
            "What BigQuery refuses or reads otherwise shows in the middle of a release.",
            "blueprint.schemas.sql",
        ),
        (
            "stack",
            "The stack gives each value that the declaration needs, in its form",
            "A placeholder for a channel or an address is a monitor that tells nobody.",
            "blueprint.stack",
        ),
        (
            "stack-config",
            "The stack's file has the keys and types that Pulumi.yaml declares",
            "A value of another type fails in the middle of the program, at a line that says nothing of the file.",
            "ops.embedded.project",
        ),
        (
            "view",
            "Everything that a function is told about the declaration can be put into its archive",
            "A gate whose query is missing would let every date pass, or none.",
            "blueprint.view",
        ),
        (
            "yaml",
            "YAML files are read by all readers alike",
            "A key that is given twice, or a text that one reader takes for a number, means two things.",
            "blueprint.yamlsource",
        ),
    )
)
