import functions_framework
from shared.validation.old import check, verify


@functions_framework.http
def handle(request):
    return "ok"
