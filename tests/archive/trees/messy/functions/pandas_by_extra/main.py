import functions_framework
import pandas
from google.api_core import exceptions
import bs4


@functions_framework.http
def handle(request):
    return "ok"
