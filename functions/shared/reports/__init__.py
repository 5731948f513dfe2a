"""What a function tells about itself: log lines, rows for the event topics, dead letters, messages to Slack."""
