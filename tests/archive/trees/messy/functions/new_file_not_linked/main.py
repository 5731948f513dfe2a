import functions_framework
from shared.validation import check


@functions_framework.http
def handle(request):
    return "ok"
