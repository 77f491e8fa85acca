"""The results for people: tables on a terminal, tables and charts in the README."""
