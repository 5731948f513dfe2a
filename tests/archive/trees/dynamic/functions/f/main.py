import functions_framework
import importlib
from importlib import import_module
NAME = "shared.by_constant"
import_module("shared.by_literal")
importlib.import_module(NAME)
importlib.import_module(".by_anchor", package="shared")
for each in ("one", "two"):
    __import__(f"shared.{each}") if NAME else None
for whole in ("shared.three", "shared.four"):
    import_module(whole)
import_module("shared.nowhere")

@functions_framework.http
def handle(request):
    return "ok"
