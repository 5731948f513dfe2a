"""Who talks to Google: Firestore, Pub/Sub and BigQuery, each client in one module; nobody else imports them."""
