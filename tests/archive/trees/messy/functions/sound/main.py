import functions_framework
import flask
from shared.clients import pool
from shared.config import PROJECT
from shared.alerts import slack
from shared.lazy import anything


@functions_framework.http
def handle(request):
    return "ok"
