import functions_framework
from pathlib import Path

@functions_framework.http
def handle(request):
    return (Path(__file__).parent / f"{request}.sql").read_text()
