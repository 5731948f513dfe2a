"""The functions' one library: the engine that turns completions into exactly one trigger per boundary and date.

It knows no name of any pipeline. Six rooms, each importing only from those before it:

`declaration` (what the declaration looks like from inside), `decisions` (who decides: pure), `google` (who talks to
Firestore, Pub/Sub and BigQuery), `reports` (logs, events, dead letters, Slack), `orchestration` (who carries out what was
decided), `http` (who speaks HTTP).
"""
