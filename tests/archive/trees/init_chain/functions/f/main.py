import functions_framework
import shared.validation.rules

@functions_framework.http
def handle(request):
    return "ok"
