import functions_framework
from shared.clients import names
from shared.tools import wanted

@functions_framework.http
def handle(request):
    return "ok"
