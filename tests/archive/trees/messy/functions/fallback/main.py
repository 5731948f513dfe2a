import functions_framework
try:
    from shared.config.project import PROJECT
except ImportError:
    from local_config import PROJECT


@functions_framework.http
def handle(request):
    return "ok"
