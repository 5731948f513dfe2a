import functions_framework
from again.again import helper


@functions_framework.http
def handle(request):
    return "ok"
