import requests


def send(text):
    requests.post("https://example.com", json={"text": text}, timeout=5)
