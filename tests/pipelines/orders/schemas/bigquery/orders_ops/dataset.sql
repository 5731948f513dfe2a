CREATE SCHEMA IF NOT EXISTS orders_ops
OPTIONS(description="What happened to orders");
