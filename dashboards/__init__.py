"""Grafana's boards, written from Python, and Prometheus' rules; and the proof that they answer.

`python -m dashboards` writes the boards anew, `python -m dashboards.prove` asks each of their
queries, and each rule, of a running flow.
"""
