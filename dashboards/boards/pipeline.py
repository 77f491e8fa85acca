"""Pipeline: what each stage, shard and topic of the touchpoints flow does."""

from typing import Final

from grafana_foundation_sdk.models.common import StackingMode

from dashboards.board import Board, Row
from dashboards.panels import ANY_IS_BAD, BAD, GOOD, WARN, Steps, lines, number
from dashboards.series import a_minute, grown, load, mean, now, of, quantile, rate, recorded

IDLE: Final = "no events, or the touchpoints flow is not chosen"
SILENT: Final = "the touchpoints flow does not answer, or is not chosen"

STAGES: Final = Row(
    "Stages",
    (
        lines(
            "Time of a flush by stage",
            "The mean time that a flush spends in each stage; their sum is what an event waits"
            " for, once it is read.",
            (mean("touchline_stage_seconds", "stage"), "{{stage}}"),
            unit="s",
            look="processor time by stage: much less of it means waiting for Kafka or Redis",
            empty=IDLE,
            stack=StackingMode.NORMAL,
        ),
        lines(
            "Slow flushes by stage",
            "99 % of the flushes take no longer.",
            (quantile(0.99, "touchline_stage_seconds", "stage"), "{{stage}}"),
            unit="s",
            look="time of a flush by stage",
            empty=IDLE,
        ),
        lines(
            "Processor time by stage",
            "Seconds of the deciding thread in each second.",
            (rate("touchline_stage_cpu_seconds_total", "stage"), "{{stage}}"),
            unit="percentunit",
            look="load of the deciding threads",
            empty=SILENT,
            stack=StackingMode.NORMAL,
        ),
        lines(
            "Load of the deciding threads",
            "The share of its time that each touchpoints process does not wait for events; at"
            " 100 % it has no reserve.",
            (load("touchline_idle_seconds_total"), "{{instance}}"),
            unit="percentunit",
            look="lag by shard; more processes share the load",
            empty=SILENT,
            steps=Steps(GOOD, ((0.7, WARN), (0.9, BAD))),
        ),
        lines(
            "Events by stage",
            "Events that each stage works through; the stages differ only by what is refused or"
            " done again.",
            (rate("touchline_stage_events_total", "stage"), "{{stage}}"),
            unit="eps",
            look="refused by stage",
            empty=SILENT,
        ),
        lines(
            "Refused by stage",
            "Events a minute that a stage made a dead letter of.",
            (a_minute("touchline_stage_refusals_total", "stage"), "{{stage}}"),
            unit="epm",
            look="Dead letters and warehouse, dead letters by reason",
            empty=SILENT,
        ),
        lines(
            "Events of a flush",
            "How many events one flush of one shard has, and may have. At the limit the flow"
            " catches up.",
            (quantile(0.5, "touchline_flush_events"), "p50"),
            (quantile(0.99, "touchline_flush_events"), "p99"),
            (f"max({of('touchline_flush_limit_events')})", "limit"),
            unit="none",
            look="lag by shard",
            empty=IDLE,
        ),
        lines(
            "On its way",
            "Events read and in no flush yet, records that Kafka has not acknowledged, actions"
            " that are not known to be published.",
            (now("touchline_buffered_events"), "events read"),
            (now("touchline_unacknowledged_records"), "not acknowledged"),
            (now("touchline_outbox_actions"), "in the outbox"),
            unit="none",
            look="time of a flush by stage: acknowledge, publish",
            empty=SILENT,
        ),
        lines(
            "Commits",
            "Flushes of one shard that were committed, and transactions not seen to succeed:"
            " refused, or without an answer. Such a shard is taken again; nothing counts twice.",
            (rate("touchline_commits_total"), "committed"),
            (rate("touchline_commits_failed_total", "outcome"), "{{outcome}}"),
            unit="ops",
            look="shards taken and lost",
            empty=SILENT,
        ),
        lines(
            "Conditions of the playbook",
            "How many conditions are asked, by the kind of rule, and how many end in an error,"
            " which counts as false.",
            (rate("touchline_rule_evaluations_total", "rule"), "{{rule}}"),
            (rate("touchline_rule_errors_total", "rule"), "errors of {{rule}}"),
            unit="ops",
            look="docs/runbooks/TouchlineRuleErrors.md",
            empty=SILENT,
        ),
    ),
)

SHARDS: Final = Row(
    "Shards",
    (
        lines(
            "Lag by shard",
            "Events of each shard that are not committed. One that stands out has a busy customer,"
            " or waits.",
            (now("touchline_lag_events", "shard"), "{{shard}}"),
            unit="none",
            look="shards taken and lost",
            empty=SILENT,
        ),
        lines(
            "Clocks of the shards",
            "How far the clock of each shard, the lowest of its topics' watermarks, is behind now.",
            (f"max by (shard) ({of('touchline_clock_delay_seconds')})", "{{shard}}"),
            unit="s",
            look="what holds clocks back",
            empty=SILENT,
        ),
        lines(
            "What holds clocks back",
            "Of how many shards a topic is the one that is furthest behind.",
            (now("touchline_clock_holder", "topic"), "{{topic}}"),
            unit="none",
            look="lag by topic",
            empty=SILENT,
        ),
        lines(
            "Shards owned and waiting",
            "Shards that are a process's own, that it works on, and that wait for Kafka or Redis.",
            (now("touchline_shards_owned", "instance"), "owned by {{instance}}"),
            (now("touchline_shards_assigned", "instance"), "assigned to {{instance}}"),
            (f"sum({recorded('flow:touchline_shards_waiting:sum')})", "waiting"),
            unit="none",
            look="time without Kafka and Redis",
            empty=SILENT,
        ),
        lines(
            "Lateness of timers",
            "From when time alone was to change something of a customer to the commit of it. After"
            " a standstill it is as long as that was.",
            (quantile(0.5, "touchline_timer_lateness_seconds"), "p50"),
            (quantile(0.99, "touchline_timer_lateness_seconds"), "p99"),
            unit="s",
            look="clocks of the shards; docs/runbooks/TouchlineTimersLate.md",
            empty="no timer was due, or the touchpoints flow is not chosen",
            width=8,
        ),
        lines(
            "Timers",
            "Customers a second who are asked what time alone brings about, and those of them that"
            " could not be decided.",
            (rate("touchline_wakes_total"), "asked"),
            (rate("touchline_wakes_failed_total"), "failed"),
            unit="cps",
            look="lateness of timers",
            empty=SILENT,
            width=8,
        ),
        lines(
            "Timers in memory",
            "The next timers, which processes keep in memory; all of them are in Redis.",
            (now("touchline_timers_known"), "kept"),
            unit="none",
            look="memory",
            empty=SILENT,
            width=8,
        ),
        lines(
            "Shards taken and lost",
            "Shards taken, given up as Kafka's group says, taken away by another process, and"
            " dropped since what became of a commit was in doubt, by cause; over 5 minutes. The log"
            " names the step.",
            (grown("touchline_shards_taken_total", over="5m"), "taken"),
            (grown("touchline_shards_released_total", over="5m"), "released to others"),
            (grown("touchline_shards_fenced_total", over="5m"), "fenced"),
            (grown("touchline_shards_lost_total", "cause", over="5m"), "in doubt: {{cause}}"),
            unit="none",
            look="docs/runbooks/TouchlineShardsFenced.md",
            empty=SILENT,
        ),
        lines(
            "Rebalances of the group",
            "Words of Kafka's consumer group to the processes; over 5 minutes. None with static"
            " assignment. `lost` is a process that was silent for longer than its session.",
            (grown("touchline_rebalances_total", "event", over="5m"), "{{event}}"),
            unit="none",
            look="docs/commit-protocol.md, who has which shards",
            empty=SILENT,
        ),
        number(
            "Time to take a shard",
            "99 % of the last hour's shards were read this long after Redis was asked for them;"
            " 0 when none was taken.",
            (
                f"{quantile(0.99, 'touchline_take_seconds', over='1h')} >= 0 or vector(0)",
                "p99",
            ),
            unit="s",
            look="records read for it",
            empty=SILENT,
            steps=Steps(GOOD, ((5, WARN), (30, BAD))),
        ),
        number(
            "Records read for it",
            "Records of the enriched topic read in the last hour in search of plans.",
            (grown("touchline_plan_log_records_total"), "records"),
            unit="none",
            look="flushes done again",
            empty=SILENT,
        ),
        number(
            "Flushes done again",
            "In the last hour: found begun when a shard was taken, and done again, byte for byte.",
            (grown("touchline_plans_found_total"), "found"),
            (grown("touchline_flushes_replayed_total"), "done again"),
            unit="none",
            look="done again by another build",
            empty=SILENT,
        ),
        number(
            "By another build",
            "Flushes that another version of program or playbook did again in the last hour: rows"
            " of the warehouse may differ.",
            (grown("touchline_replays_by_other_build_total"), "done again"),
            unit="none",
            look="docs/commit-protocol.md",
            empty=SILENT,
            steps=ANY_IS_BAD,
        ),
    ),
)

TOPICS: Final = Row(
    "Topics",
    (
        lines(
            "Lag by topic",
            "Events of each channel's topic that are not committed.",
            (now("touchline_lag_events", "topic"), "{{topic}}"),
            unit="none",
            look="lag by shard",
            empty=SILENT,
        ),
        lines(
            "Newest event by topic",
            "How long ago, by its own time, the newest committed event of a topic happened. A"
            " channel whose producer is silent grows here.",
            (
                f"time() - max by (topic) ({of('touchline_event_timestamp_seconds')} > 0)",
                "{{topic}}",
            ),
            unit="s",
            look="behind by topic, on the overview; then the channel's producer",
            empty="no event yet",
        ),
    ),
)

HITS, MISSES = rate("touchline_cache_hits_total"), rate("touchline_cache_misses_total")

PROFILES: Final = Row(
    "Profiles, servers, processes",
    (
        number(
            "Found in memory",
            "The share of the profiles that a flush did not have to read from Redis.",
            (
                f"{HITS} / ({HITS} + {MISSES} > 0)",
                "of the profiles",
            ),
            unit="percentunit",
            look="profiles in memory",
            empty=IDLE,
        ),
        number(
            "Profiles in memory",
            "Profiles that processes keep.",
            (now("touchline_profiles_cached"), "kept"),
            unit="none",
            look="memory",
            empty=SILENT,
        ),
        number(
            "Trimmed",
            "Entries a second that the bounds of profiles drop or cut.",
            (rate("touchline_trimmed_total"), "entries"),
            unit="cps",
            look="docs/profile.md, which has the bounds",
            empty=SILENT,
        ),
        number(
            "Kafka, Redis: outages",
            "How often each ceased to answer in the last hour.",
            (grown("touchline_kafka_outages_total"), "Kafka"),
            (grown("touchline_redis_outages_total"), "Redis"),
            unit="none",
            look="time without Kafka and Redis",
            empty="no flow answers",
            steps=ANY_IS_BAD,
        ),
        number(
            "Programs",
            "The versions that run, and the hash of what decides; one, but for a moment of a"
            " deployment.",
            (f"sum by (version, build) ({of('touchline_build_info')})", "{{version}} {{build}}"),
            unit="none",
            look="done again by another build",
            empty="no flow answers",
            names=True,
        ),
        number(
            "Playbooks",
            "The playbooks in use; one, but for a moment of a deployment.",
            (f"sum by (version) ({of('touchline_playbook_info')})", "{{version}}"),
            unit="none",
            look="done again by another build",
            empty=SILENT,
            names=True,
        ),
        lines(
            "Time without Kafka and Redis",
            "The share of the time that processes waited for each.",
            (rate("touchline_kafka_outage_seconds_total", "flow"), "Kafka, {{flow}}"),
            (rate("touchline_redis_outage_seconds_total", "flow"), "Redis, {{flow}}"),
            unit="percentunit",
            look="docs/runbooks/TouchlineShardsWaiting.md",
            empty="no flow answers",
            width=8,
        ),
        lines(
            "Memory",
            "Of each process, as the operating system counts it (Linux).",
            (of("process_resident_memory_bytes"), "{{flow}} {{instance}}"),
            unit="bytes",
            look="profiles in memory",
            empty="no flow answers, or not on Linux",
            width=8,
        ),
        lines(
            "Processors",
            "How many processors each process keeps busy (Linux).",
            (
                f"rate({of('process_cpu_seconds_total')}[$__rate_interval])",
                "{{flow}} {{instance}}",
            ),
            unit="none",
            look="processor time by stage",
            empty="no flow answers, or not on Linux",
            width=8,
        ),
    ),
)

PIPELINE: Final = Board(
    name="pipeline",
    title="pipeline",
    description="What each stage, shard and topic does: where time goes and what waits.",
    rows=(STAGES, SHARDS, TOPICS, PROFILES),
)
