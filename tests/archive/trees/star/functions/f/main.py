import functions_framework
from shared.words import *
from shared.listed import *

@functions_framework.http
def handle(request):
    return [visible, listed, part, hidden]
