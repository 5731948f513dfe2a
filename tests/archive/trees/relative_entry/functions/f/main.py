import functions_framework
from . import helper
from .tools.inner import word

@functions_framework.http
def handle(request):
    return word() or helper.answer()
