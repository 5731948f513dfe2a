import functions_framework
import os
import sys
if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib
if sys.version_info[0] == 2 or sys.platform.startswith("win"):
    import winreg_py2
if os.name == "nt":
    import pywin32
if sys.version_info < (3, 13):
    from shared import old

@functions_framework.http
def handle(request):
    return "ok"


if __name__ == "__main__":
    import local_server
