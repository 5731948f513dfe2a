import functions_framework
try:
    from shared import fast as codec
except ImportError:
    from shared import unneeded as codec
try:
    from shared import gone as engine
except ImportError:
    from shared import engine

@functions_framework.http
def handle(request):
    return "ok"
