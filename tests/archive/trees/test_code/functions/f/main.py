import functions_framework
from shared.tests.factories import make

@functions_framework.http
def handle(request):
    return "ok"
