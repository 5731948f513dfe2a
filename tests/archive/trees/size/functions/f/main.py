import functions_framework
import big

@functions_framework.http
def handle(request):
    return "ok"
