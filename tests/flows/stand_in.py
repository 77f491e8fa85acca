"""Takes the place of `touchline` as a child of `up`, and behaves or misbehaves as told.

STAND_IN in the environment: `NAME dies`, `NAME ignores SIGTERM`, `NAME waits`, `warehouse writes
nothing`, or nothing of the kind.
"""

import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

BEGAN_S = time.monotonic()
PAGES = {
    "touchpoints": """\
touchline_events_total{{channel="click",outcome="{outcome}"}} {n}
touchline_events_total{{channel="chat",outcome="{outcome}"}} {n}
touchline_events_total{{channel="chat",outcome="dead_letter"}} 1
touchline_events_total{{channel="email",outcome="accepted"}} 0
touchline_events_total{{channel="kiosk",outcome="{outcome}"}} {n}
touchline_event_to_offer_seconds_bucket{{le="0.01"}} {n}
touchline_event_to_offer_seconds_bucket{{le="0.1"}} {n}
touchline_event_to_offer_seconds_bucket{{le="+Inf"}} {n}
touchline_event_to_offer_seconds_count {n}
touchline_event_to_offer_seconds_sum 1
touchline_offers_decided_total{{offer="tea"}} {n}
touchline_alerts_raised_total{{alert="fire"}} 2
touchline_dead_letters_total{{reason="not_json"}} 1
touchline_lag_events{{topic="touchpoints.chat",shard="3"}} 5
""",
    "warehouse": 'touchline_warehouse_rows_total{{table="touchpoints"}} {n}\n',
}


class Metrics(BaseHTTPRequestHandler):
    name = ""
    mood = ""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's word
        """Nothing: the log is for what matters."""

    def do_GET(self) -> None:
        status, page = self.readyz() if self.path == "/readyz" else (200, self.metrics())
        self.send_response(status)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def metrics(self) -> bytes:
        # There is no table: what is accepted is missing there, what is a duplicate is not.
        outcome = "accepted" if self.mood == "warehouse writes nothing" else "duplicate"
        n = int((time.monotonic() - BEGAN_S) * 100)
        return PAGES[self.name].format(n=n, outcome=outcome).encode()

    def readyz(self) -> tuple[int, bytes]:
        waits = self.mood == f"{self.name} waits"
        return (503, b"better times\n") if waits else (200, b"ok\n")


def say(line: object) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main() -> None:
    name = sys.argv[2] if sys.argv[1] == "run" else "simulator"
    mood = os.environ.get("STAND_IN", "")
    stop = threading.Event()
    ignores = mood == f"{name} ignores SIGTERM"
    signal.signal(signal.SIGTERM, signal.SIG_IGN if ignores else lambda *_: stop.set())
    if name != "simulator":
        Metrics.name, Metrics.mood = name, mood
        port = int(os.environ["TOUCHLINE_METRICS_PORT"])
        server = HTTPServer(("127.0.0.1", port), Metrics)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/metrics"
        say({"flow": name, "metrics_url": url})
    if mood == f"{name} dies":
        time.sleep(0.5)
        sys.stderr.write("no luck today\n")
        sys.exit(7)
    if name == "simulator":
        ours = {name: value for name, value in os.environ.items() if name.startswith("TOUCHLINE_")}
        say({"answers": {"Offer Shown": 3}, "arguments": sys.argv[1:], "environment": ours})
    while not stop.wait(0.05):
        pass


main()
