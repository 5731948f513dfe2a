import functions_framework



@functions_framework.http
def handle(request):
    from shared.validation import check
    return check()
