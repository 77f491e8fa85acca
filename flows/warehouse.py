"""The warehouse flow: what was published, as rows of Delta tables, each row once.

Guaranteed: every record of `touchpoints.enriched` and `touchpoints.actions` becomes one row. After
a crash records are read again from the last commit; what they would repeat is known by its place.
"""

import logging
import threading
import time
from collections.abc import Callable

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.run import cli_main

from connectors.delta import DeltaAppender
from connectors.kafka_reader import Place, TopicReader
from connectors.kafka_topics import FoundTopic
from connectors.warehouse_tables import TABLES
from flows.loader.append import Append, Buffer
from flows.loader.edges import AppendSink, PollSource, Run
...
