import functions_framework
import sys
import os
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "vendor"))
import inside


@functions_framework.http
def handle(request):
    return "ok"
