import functions_framework


@functions_framework.cloud_event
def handle(event):
    pass
