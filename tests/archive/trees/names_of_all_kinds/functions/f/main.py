import functions_framework
from shared.names import a, b, c, d, e, f, g, h, i, j, k, re_exported

@functions_framework.http
def handle(request):
    return "ok"
