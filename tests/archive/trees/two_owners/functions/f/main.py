import functions_framework
import shared.rules

@functions_framework.http
def handle(request):
    return "ok"
