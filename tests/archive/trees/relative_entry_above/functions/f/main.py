import functions_framework
from .. import helper as above
from . import helper

@functions_framework.http
def handle(request):
    return "ok"
