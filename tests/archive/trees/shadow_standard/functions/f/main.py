import functions_framework
import calendar

@functions_framework.http
def handle(request):
    return "ok"
