import functions_framework
from shared.plugins.one import value
from shared.plugins import two

@functions_framework.http
def handle(request):
    return "ok"
