import functions_framework
try:
    import broken
except ImportError:
    broken = None


@functions_framework.http
def handle(request):
    return "ok"
