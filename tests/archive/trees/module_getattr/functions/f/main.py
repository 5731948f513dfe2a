import functions_framework
from shared.lazy import anything
from shared.made import generated

@functions_framework.http
def handle(request):
    return "ok"
