import functions_framework
import shared.broken

@functions_framework.http
def handle(request):
    return "ok"
