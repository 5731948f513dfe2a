import functions_framework
from shared import latin

@functions_framework.http
def handle(request):
    return "ok"
