import functions_framework
import yaml
from google.cloud import bigquery, pubsub_v1


@functions_framework.http
def handle(request):
    import pandas
    return pandas
