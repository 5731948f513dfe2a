import functions_framework
from shared.inner import deep

@functions_framework.http
def handle(request):
    return "ok"
