import functions_framework
import team_ids

@functions_framework.http
def handle(request):
    return "ok"
