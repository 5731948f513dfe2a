"""Runs inside the clean interpreter of an acceptance: loads the function, sends it samples, reports on stdout.

Started by `acceptance` with the unpacked archive as working folder; imports nothing of this project.
"""

import json
import os
import sys
import time
import traceback


def main() -> None:
    """Load the function named on stdin and report its start and every answer, one JSON object per line."""
    order = json.load(sys.stdin)
    calls = OutgoingCalls(refuse=order["refuse_sockets"])
    sys.addaudithook(calls.heard)
    start = time.monotonic()
    from functions_framework import create_app

    application = create_app(  # type: ignore[no-untyped-call]
        order["target"], "main.py", order["signature"]
    )
    report(
        accept="started",
        modules=len(sys.modules),
        memory=peak_memory(),
        seconds=round(time.monotonic() - start, 3),
        calls=calls.made,
    )
    calls.starting = False
    client = application.test_client()
    for sample in order["samples"]:
        start = time.monotonic()
        answer = client.open(sample["path"], method=sample["method"], data=sample["body"], headers=sample["headers"])
        body = answer.get_data(as_text=True)[:300]
        seconds = round(time.monotonic() - start, 3)
        report(accept="answered", sample=sample["name"], status=answer.status_code, seconds=seconds, body=body)


class OutgoingCalls:
    """What goes out through Python's sockets: remembered while the function starts, refused where `refuse` is set.

    `refuse` stands in for a machine without a network; the function's own computer can always be reached.
    """

    def __init__(self, *, refuse: bool) -> None:
        self.made: list[dict[str, str]] = []
        self.starting = True
        self._refuse = refuse

    def heard(self, event: str, arguments: tuple[object, ...]) -> None:
        """Look at one audit event of the interpreter."""
        if event == "socket.getaddrinfo":
            host, port = arguments[0], arguments[1]
        elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
            host, port = arguments[1][0], arguments[1][1]
        else:
            return
        to = f"{host.decode() if isinstance(host, bytes) else host}:{port}"
        known = any(call["to"] == to for call in self.made)
        if self.starting and host is not None and not known and len(self.made) < 5:
            self.made.append({"to": to, "at": place()})
        if self._refuse and host not in ("127.0.0.1", "localhost", "::1", None):
            raise OSError(101, "Network is unreachable: archives are tried without one")


def place() -> str:
    """Return the innermost line of the function's own folder that is being run."""
    folder = os.getcwd()
    for frame, line in traceback.walk_stack(None):
        name = frame.f_code.co_filename
        if name.startswith(folder) or not os.path.isabs(name):
            return f"{os.path.relpath(name, folder)}:{line}"
    return "outside its own code"


def peak_memory() -> int:
    """Return the most memory this process has held, in bytes; 0 where the system does not tell."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return 0


def report(**fields: object) -> None:
    """Print one report; the function's own output shares the stream."""
    sys.stdout.write(f"\n{json.dumps(fields)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
