import functions_framework
import yaml
import requests.adapters
import pandas as pd
from google.cloud import pubsub_v1, storage
import google.cloud.pubsub_v1.types

@functions_framework.http
def handle(request):
    return "ok"
