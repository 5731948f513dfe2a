import functions_framework
try:
    import ujson
except ImportError:
    ujson = None

@functions_framework.http
def handle(request):
    return "ok"
