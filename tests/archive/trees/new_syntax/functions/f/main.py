import functions_framework
from shared import generic, quotes, slash

@functions_framework.http
def handle(request):
    return "ok"
