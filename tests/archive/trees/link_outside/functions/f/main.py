import functions_framework
import this_is_outside

@functions_framework.http
def handle(request):
    return "ok"
