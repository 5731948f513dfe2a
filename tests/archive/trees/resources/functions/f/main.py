import functions_framework
import os
import pkgutil
from importlib import resources
from pathlib import Path

HERE = Path(__file__).resolve().parent
BESIDE = (HERE / "beside.json").read_text()
JOINED = open(os.path.join(os.path.dirname(__file__), "data", "joined.csv"))
NAMED = Path(__file__).with_name("named.txt").read_text()
PACKED = resources.files("shared.texts").joinpath("packed.sql").read_text()
OLD = pkgutil.get_data("shared", "old.bin")
FOLDER = sorted((HERE / "queries").glob("*.sql"))

@functions_framework.http
def handle(request):
    return "ok"
