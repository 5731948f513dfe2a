import functions_framework
import yaml

@functions_framework.http
def handle(request):
    return "ok"
