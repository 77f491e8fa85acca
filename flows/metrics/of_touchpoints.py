"""The metrics of the touchpoints flow."""

from typing import Final

from connectors.events.dead_letter import Reason
from flows.metrics.metric import SIZES, STEPS, WAITS, WRITES, C, G, H, Metric
from flows.metrics.of_decisions import DECISIONS

OUTCOMES = ("accepted", "duplicate", "dead_letter")
STAGES = (
    *("consume", "plan", "decode", "route", "decide"),
    *("produce", "acknowledge", "commit", "publish"),
)
REFUSING = ("decode", "route", "decide")
"""Stages that make dead letters."""
LOSING = ("take", "route", "decide", "commit", "trim")
"""Where a shard can come to be in doubt: steps that ask Redis or Kafka about one."""
CAUSES = ("connection", "timeout", "fence", "kafka")
"""No connection to Redis; no answer in time; another fence or a "not now"; Kafka."""
REBALANCES = ("assigned", "revoked", "lost")
BY_STAGE: Final = {"stage": STAGES}

TOUCHPOINTS: Final = (
    Metric(
        "touchline_events_total",
        C,
        "events",
        "Events taken from the topics and committed, by what became of them.",
        ("channel", "outcome"),
        {"outcome": OUTCOMES},
    ),
    Metric(
        "touchline_events_corrected_total",
        C,
        "events",
        "Accepted events whose time was too far ahead and is corrected, by when they were sent.",
        ("channel",),
    ),
    Metric(
        "touchline_event_to_offer_seconds",
        H,
        "seconds",
        "From an accepted record's timestamp to the commit that makes offers readable; no replays.",
        buckets=WAITS,
    ),
    Metric(
        "touchline_event_timestamp_seconds",
        G,
        "seconds",
        "Event time of the newest event committed, in seconds since the epoch; 0 = none yet.",
        ("topic",),
    ),
    Metric(
        "touchline_event_delay_seconds",
        G,
        "seconds",
        "Event-time age of what was committed last, or time since the end if less; the largest.",
        ("topic",),
    ),
    Metric(
        "touchline_clock_delay_seconds",
        G,
        "seconds",
        "How far a shard's clock, the lowest of its topics' watermarks, is behind now.",
        ("shard",),
    ),
    Metric(
        "touchline_clock_holder",
        G,
        "",
        "1 for the topic that holds a shard's clock back, 0 for the others.",
        ("topic", "shard"),
    ),
    Metric(
        "touchline_stage_seconds",
        H,
        "seconds",
        "Elapsed time of one flush in a stage.",
        ("stage",),
        BY_STAGE,
        STEPS,
    ),
    Metric(
        "touchline_stage_cpu_seconds_total",
        C,
        "seconds",
        "Processor time of the deciding thread in a stage.",
        ("stage",),
        BY_STAGE,
    ),
    Metric(
        "touchline_stage_events_total",
        C,
        "events",
        "Events that a stage has worked through; again, when they are done again.",
        ("stage",),
        BY_STAGE,
    ),
    Metric(
        "touchline_stage_refusals_total",
        C,
        "events",
        "Events that a stage refused and that are dead letters, committed.",
        ("stage",),
        {"stage": REFUSING},
    ),
    Metric(
        "touchline_idle_seconds_total",
        C,
        "seconds",
        "Time the deciding thread waited for events; what is missing to 1 a second is its load.",
    ),
    Metric(
        "touchline_flush_events",
        H,
        "events",
        "Events in one flush of one shard.",
        buckets=SIZES,
    ),
    Metric(
        "touchline_flush_limit_events",
        G,
        "events",
        "How many events one flush of one shard may have (TOUCHLINE_FLUSH_EVENTS).",
    ),
    Metric(
        "touchline_buffered_events",
        G,
        "events",
        "Events read from Kafka and in no flush yet.",
    ),
    Metric(
        "touchline_unacknowledged_records",
        G,
        "records",
        "Records handed to the producer that Kafka has not acknowledged.",
    ),
    Metric(
        "touchline_outbox_actions",
        G,
        "actions",
        "Actions and forwarded events recorded in Redis, not known to be published or taken out.",
    ),
    Metric(
        "touchline_forwarded_events_total",
        C,
        "events",
        "Events of another partition's customers, sent on to it, by the topic they came in.",
        ("topic",),
    ),
    Metric(
        "touchline_forward_repeats_total",
        C,
        "records",
        "Forwarded events that had come before, as after a crash, and were dropped.",
    ),
    Metric("touchline_commits_total", C, "commits", "Flushes of one shard, committed."),
    Metric(
        "touchline_flushes_replayed_total",
        C,
        "flushes",
        "Flushes that had been begun before and were done again, byte for byte.",
    ),
    Metric(
        "touchline_replays_by_other_build_total",
        C,
        "flushes",
        "Flushes done again by another version of program or playbook: rows may differ.",
    ),
    Metric(
        "touchline_commits_failed_total",
        C,
        "commits",
        "Transactions of a shard that were not seen to succeed: refused, or without an answer.",
        ("outcome",),
        {"outcome": ("refused", "unknown")},
    ),
    Metric(
        "touchline_shards_taken_total",
        C,
        "shards",
        "Shards taken: at the start, and again after each time that one was lost.",
    ),
    Metric(
        "touchline_take_seconds",
        H,
        "seconds",
        "From asking Redis for a shard to reading its events, the plan log's reading included.",
        buckets=WRITES,
    ),
    Metric(
        "touchline_shards_lost_total",
        C,
        "shards",
        "Shards in doubt, dropped to be taken again, by where that was and what was in doubt.",
        ("stage", "cause"),
        {"stage": LOSING, "cause": CAUSES},
    ),
    Metric(
        "touchline_plans_found_total",
        C,
        "flushes",
        "Flushes found begun and not committed when a shard was taken: to be done again.",
    ),
    Metric(
        "touchline_plan_log_records_total",
        C,
        "records",
        "Records of the enriched topic read in search of plans when shards were taken.",
    ),
    Metric(
        "touchline_shards_fenced_total", C, "shards", "Shards that another process took from this."
    ),
    Metric(
        "touchline_shards_assigned",
        G,
        "shards",
        "Shards that the command line, or Kafka's group, has given this process.",
    ),
    Metric(
        "touchline_rebalances_total",
        C,
        "rebalances",
        "What Kafka's group told this process of its shards; lost: it was taken for dead.",
        ("event",),
        {"event": REBALANCES},
    ),
    Metric(
        "touchline_shards_released_total",
        C,
        "shards",
        "Shards that Kafka's group gave to another process, and this one gave up.",
    ),
    Metric("touchline_shards_owned", G, "shards", "Shards this process works on."),
    Metric(
        "touchline_shards_waiting", G, "shards", "Shards that wait for Kafka or Redis to come back."
    ),
    Metric(
        "touchline_lag_events",
        G,
        "events",
        "Events in a topic's partition that are not committed; if its shard waits, as last seen.",
        ("topic", "shard"),
    ),
    Metric(
        "touchline_dead_letters_total",
        C,
        "events",
        "Events that were not taken, by reason.",
        ("reason",),
        {"reason": tuple(Reason)},
    ),
    Metric(
        "touchline_dead_letter_share",
        G,
        "",
        "Dead letters among the last events (TOUCHLINE_DEAD_LETTER_WINDOW) committed, 0 to 1.",
    ),
    Metric(
        "touchline_dead_letter_share_limit",
        G,
        "",
        "The share above which the flow stops (TOUCHLINE_DEAD_LETTER_PERCENT), 0 to 1; 1 = never.",
    ),
    *DECISIONS,
    Metric(
        "touchline_timer_lateness_seconds",
        H,
        "seconds",
        "From when time alone was to change something of a customer to the commit; no replays.",
        buckets=WAITS,
    ),
    Metric(
        "touchline_wakes_total",
        C,
        "timers",
        "Times that a customer was asked what time alone brings about, in vain or not.",
    ),
    Metric(
        "touchline_wakes_failed_total",
        C,
        "timers",
        "Of those, how many could not be decided: such a customer is asked again at their next "
        "event, an hour later at the latest.",
    ),
    Metric(
        "touchline_timers_known",
        G,
        "timers",
        "Timers of customers that are in memory: the next ones; all of them are in Redis.",
    ),
    Metric(
        "touchline_trimmed_total",
        C,
        "entries",
        "Entries that the bounds of profiles have dropped or cut.",
    ),
    Metric(
        "touchline_cache_hits_total",
        C,
        "profiles",
        "Profiles that a flush found here.",
    ),
    Metric("touchline_cache_misses_total", C, "profiles", "Profiles that a flush read from Redis."),
    Metric("touchline_profiles_cached", G, "profiles", "Profiles kept in this process."),
    Metric("touchline_playbook_info", G, "", "1 for the playbook in use.", ("version",)),
    Metric("touchline_redis_up", G, "", "1 when Redis answers, 0 when it is waited for."),
    Metric("touchline_redis_outages_total", C, "outages", "Times that Redis ceased to answer."),
    Metric("touchline_redis_outage_seconds_total", C, "seconds", "Time that Redis was waited for."),
)
"""What flows/touchpoints.py measures."""
