"""Runs inside the clean interpreter of an acceptance: loads the function, sends it samples, reports on stdout.

Started by `acceptance` with the unpacked archive as working folder; imports nothing of this project.
"""

import json
import sys
import time


def main() -> None:
    """Load the function named on stdin and report its start and every answer, one JSON object per line."""
    order = json.load(sys.stdin)
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
    )
    client = application.test_client()
    for sample in order["samples"]:
        start = time.monotonic()
        answer = client.open(sample["path"], method=sample["method"], data=sample["body"], headers=sample["headers"])
        body = answer.get_data(as_text=True)[:300]
        seconds = round(time.monotonic() - start, 3)
        report(accept="answered", sample=sample["name"], status=answer.status_code, seconds=seconds, body=body)


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
