"""Spark as dbt's engine: what it is told, what it is handed and gives back, and a cluster on this machine."""
