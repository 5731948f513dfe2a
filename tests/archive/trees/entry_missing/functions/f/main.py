import functions_framework


@functions_framework.http
def orchestrate(request):
    return "ok"
