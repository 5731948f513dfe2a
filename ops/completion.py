"""Print the script that lets a shell complete commands, options, stacks and functions.

bash and zsh:  eval "$(ops completion bash)", or zsh, in the shell's start-up file
fish:          ops completion fish > ~/.config/fish/completions/ops.fish
"""

from __future__ import annotations

import argparse

SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("shell", choices=SHELLS, help="the shell that is to complete")


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    from argcomplete.shell_integration import shellcode

    print(shellcode(["ops"], shell=args.shell))
    return 0
