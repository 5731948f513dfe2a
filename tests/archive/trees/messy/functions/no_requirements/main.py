import functions_framework
import requests
import flask


@functions_framework.http
def handle(request):
    return "ok"
