import functions_framework



@functions_framework.http
def handle(request):
    return "ok"


if __name__ == "__main__":
    import uvicorn_only_here
