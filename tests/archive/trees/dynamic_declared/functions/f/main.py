import functions_framework
from importlib import import_module

@functions_framework.http
def handle(request):
    return import_module(f"shared.{request}")
