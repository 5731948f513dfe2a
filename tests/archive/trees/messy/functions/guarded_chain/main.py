import functions_framework
try:
    from shared.alerts.slack import send
except ImportError:
    send = None


@functions_framework.http
def handle(request):
    return "ok"
