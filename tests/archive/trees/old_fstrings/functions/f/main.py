import functions_framework
row = {"a": 1}
text = f"""{row["a"]!r:>{3}} {'x'}
{f"{row['a']}"} {{literal}} \n"""
more = f"{row['a']}" "\n" f'{1:,}'

@functions_framework.http
def handle(request):
    return "ok"
