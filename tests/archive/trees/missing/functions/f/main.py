import functions_framework
import shared.clients.pool
from shared.gone import thing

@functions_framework.http
def handle(request):
    return "ok"
