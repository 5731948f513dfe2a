import functions_framework
import importlib


@functions_framework.http
def handle(request):
    return importlib.import_module(f"plugins.{request}")
