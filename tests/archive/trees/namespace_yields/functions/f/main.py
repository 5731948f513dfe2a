import functions_framework
import yaml
from google.cloud import pubsub_v1

@functions_framework.http
def handle(request):
    return "ok"
