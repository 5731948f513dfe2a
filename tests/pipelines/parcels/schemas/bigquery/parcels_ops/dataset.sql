CREATE SCHEMA IF NOT EXISTS parcels_ops
OPTIONS(description="What happened to parcels");
