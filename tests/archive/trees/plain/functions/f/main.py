import functions_framework
import helper
from shared.used import value

@functions_framework.http
def handle(request):
    return helper.twice(value)
