from google.cloud import pubsub_v1 as wanted
