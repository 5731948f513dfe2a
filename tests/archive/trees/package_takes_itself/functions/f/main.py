import functions_framework
import pkg

@functions_framework.http
def handle(request):
    return "ok"
