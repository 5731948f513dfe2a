import functions_framework
import shared.low

@functions_framework.http
def handle(request):
    return "ok"
