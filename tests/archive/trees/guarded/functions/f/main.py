import functions_framework
try:
    from shared import alerts
except ImportError:
    alerts = None
try:
    from shared import gone
except Exception:
    gone = None

@functions_framework.http
def handle(request):
    return "ok"
