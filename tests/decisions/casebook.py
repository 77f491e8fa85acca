# ruff: noqa: E501 - an offer is a line
"""A small playbook for tests of its tests."""

from textwrap import dedent, indent

BOOK = """\
channels: [click, email, kiosk]
traits: {city: string, age: int}
placements:
  home: {channels: [click]}
  shop: {channels: [kiosk], offers: 2}
segments:
  buyer: {title: Bought, when: profile.orders.count > 0}
  fan:
    title: Likes shoes
    when: profile.affinity["shoes"] >= 2.0 && "buyer" in segments
offers:
  hello: {title: Hello, eligible: '!("buyer" in segments)', lever: 2, value: 2, channels: [click], placements: home, ttl: 7d}
  thanks: {title: Thanks, eligible: '"buyer" in segments', lever: 3, value: 2, channels: [click], placements: home, ttl: 7d}
  spring: {title: Spring, lever: 1, value: 1, channels: [kiosk], placements: shop, ttl: 7d, start: 2026-03-01, end: 2026-03-31}
  coffee: {title: Coffee, lever: 1, value: 1, channels: [kiosk], placements: shop, ttl: 7d, fallback: true}
alerts:
  order: {event: Order Completed, when: event.properties.total > 9.0, severity: info, cooldown: 1h, message: 'Order {event.properties.total}'}
tests:
"""
ORDER = "{channel: click, event: Order Completed, properties: {total: 10.5}}"
VIEW = "{channel: click, event: Product Viewed, properties: {category: shoes}}"


def written(case: str) -> str:
    """The playbook with one case, called "It is so"."""
    lines = indent(dedent(case).strip(), "    ")
    return f"{BOOK}  - name: It is so\n{lines}\n"
