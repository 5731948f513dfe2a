import functions_framework
import ujson

@functions_framework.http
def handle(request):
    return "ok"
