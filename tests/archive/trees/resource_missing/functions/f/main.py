import functions_framework
from pathlib import Path
HERE = Path(__file__).parent
ONE = (HERE / "gone.json").read_text()

@functions_framework.http
def handle(request):
    return (HERE / f"{request}.sql").read_text()
