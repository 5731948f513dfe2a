import functions_framework
import g.main

@functions_framework.http
def handle(request):
    return "ok"
