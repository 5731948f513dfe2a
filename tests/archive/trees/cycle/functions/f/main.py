import functions_framework
import shared.a

@functions_framework.http
def handle(request):
    return "ok"
