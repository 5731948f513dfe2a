import functions_framework
from shared.config import PROJECT


@functions_framework.http
def handle(request):
    return "ok"
