import functions_framework



@functions_framework.http
def handle(request):
    return json.dumps({})
