"""GoogleSQL as BigQuery sees it: a statement in, what it reads, writes, takes, returns and does wrong out.

It knows no pipeline and imports nothing of the project. Start with `analysis.sql.statement`; `types` and `scope` are
the values that it takes. Everything else imports sqlglot and is imported only where a statement is read.
"""
