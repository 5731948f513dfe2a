from shared.clients.heavy import connect
