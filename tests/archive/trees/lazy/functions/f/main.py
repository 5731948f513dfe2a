import functions_framework


@functions_framework.http
def handle(request):
    return report()


def report():
    from shared import slow
    import shared.nowhere
    return slow.value
