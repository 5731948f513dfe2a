import functions_framework
import linked
from inner import module

@functions_framework.http
def handle(request):
    return "ok"
