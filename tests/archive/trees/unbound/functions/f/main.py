import functions_framework


@functions_framework.http
def handle(request):
    return answer(request)


def answer(request):
    if request is None:
        logger.error("rare")
    return [item for item in request if item not in unknown]


class Rare:
    limit = 3

    def over(self, value):
        return value > limit
