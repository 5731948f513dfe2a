import functions_framework
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
sys.path.append(os.path.join(os.path.dirname(__file__), "..", "outside"))
import vendored
import unreachable

@functions_framework.http
def handle(request):
    return "ok"
