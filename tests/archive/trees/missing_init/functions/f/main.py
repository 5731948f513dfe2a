import functions_framework
from shared.rules import evaluate

@functions_framework.http
def handle(request):
    return "ok"
