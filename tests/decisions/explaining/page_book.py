# ruff: noqa: E501, RUF001 - a line of a page is a line, the sign is meant
"""A playbook with every kind of rule, and what is said of some of them."""

BOOK = """\
channels: [click, kiosk]
traits: {city: string, zone: string}
placements: {home: {channels: [click], offers: 2}, shop: {channels: [kiosk]}}
segments:
  buyer: {title: Bought, when: profile.orders.count > 0}
  quiet:
    title: Bought long ago
    when: '"buyer" in segments && now - profile.orders.last_at > 30d'
    until: profile.orders.count_90d > 1
    dwell: 2h
  everyone: {title: All, when: 'true'}
offers:
  hello:
    title: Hello
    eligible: '"quiet" in segments'
    because: we miss you
    lever: 2
    value: 1.5
    channels: [click, kiosk]
    placements: [home, shop]
    start: 2026-03-01
    end: 2026-03-31
    ttl: 7d
  usual: {title: Usual, lever: 1, value: 1, channels: [click], placements: home, ttl: 1d, fallback: true}
routes:
  sales: [{region: [DE, AT], score: {from: 5, to: 50}, queue: dach}, {score: {to: 5}, queue: small}, {queue: desk}]
alerts:
  fails:
    event: Kiosk Transaction Failed
    when: '"quiet" in segments'
    key: event.properties.kiosk_id
    threshold: {count: 3, within: 10m}
    severity: warning
    cooldown: 1h
    message: Fails at {event.properties.kiosk_id}
    until: event.name == "Kiosk Repaired"
    escalate: [{after: 30m, severity: critical}, {after: 2h, message: Still, actions: [{action: log, message: long}]}]
    actions:
      - {action: lead.route, table: sales, region: customer.city, score: profile.orders.value}
      - action: webhook
        url: {secret: ADDRESS}
        payload: {n: profile.orders.count, token: {secret: TOKEN}}
        requires_approval: true
        idempotency_key: event.properties.kiosk_id
  share: {event: A, rate: {of: 'event.name in ["A", "B"]', share: 50%, at_least: 5, within: 1h}, severity: info, cooldown: 1h, message: x}
  left: {event: A, absence: {of: event.name == "B" && event.properties.n > 1, within: 2h}, severity: info, cooldown: 1h, message: x}
  left_last: {event: A, absence: {of: event.name == "B", within: 2h, restart: true}, severity: info, cooldown: 1h, message: x}
  after: {event: A, sequence: {then: event.name == "B", within: 2h}, severity: info, cooldown: 1h, message: x}
  city: {change: {value: 'has(customer.city) ? customer.city : "none"', from: Berlin}, severity: info, cooldown: 1h, message: x}
  fading: {when: now - profile.last_at > 30d, severity: info, cooldown: 1h, message: x}
  cart: {when: profile.cart.value > 300.0, severity: info, cooldown: 1h, message: x}
  told: {when: '"quiet" in segments', severity: info, cooldown: 1h, message: x}
journeys:
  cart:
    title: Remind
    event: [Product Added, Checkout Started]
    when: profile.cart.value >= 50.0
    key: event.properties.cart_id
    reentry: 7d
    at_most: 3
    exit: [event.name == "Order Completed", profile.email.unsubscribed]
    local_time: {zone: customer.zone, otherwise: Europe/Berlin}
    quiet: {from: "21:00", to: "08:00"}
    in_flight: move
    steps:
      - {id: breathe, wait: 1h}
      - until: event.name == "Cart Viewed" && event.properties.cart_id == key
        timeout: 1d
        then: [end]
        else:
          - {action: email.request, id: mail, template: cart, values: {cart: key}}
      - split:
          - share: 30
            steps:
              - if: '"buyer" in segments'
                then: [{wait_until: "09:00", days: [mon, fri]}, {wait_until: "10:00"}]
                else: [{until: profile.cart.items == 0, timeout: 2h}]
          - share: 70
      - {action: push.request, text: Bye}
  back: {title: Back, when: '"quiet" in segments', reentry: once, steps: [{action: log, message: back}]}
  again: {title: Again, event: A, exit: event.name == "B", steps: [{action: log, message: again}]}
"""
PAGES = {
    "segment.quiet": """\
segment.quiet: Bought long ago

A customer is in it when
  all of these are so:
    the customer is in the segment buyer
    the last order was more than 30 days ago, or never

It ends when
  the number of orders of the last 90 days is more than 1
  Who fulfils neither stays where they are, who fulfils both is not in it.
  Who comes in stays for 2 hours at least.

When it is asked
  At events that change orders or segments.
  Without an event, at the moment at which time alone may change the answer.

When time alone changes it
  now: as time passes
  profile.orders.count_90d: at a midnight (UTC), when a day leaves the 90 days
  when a customer has been in it for 2 hours

What it reads
  segments: The segments the customer is in, in the order of their names.
  now: The time of the decision.
  profile.orders.last_at: The last order; 1970 = never.
  profile.orders.count_90d: How many orders today and in the last 90 days, UTC.

What it publishes
  segment.entered when a customer comes in, segment.exited when they leave: each once.

It rests on
  segment.buyer: Bought

What rests on it
  offer.hello: Hello
  alert.fails
  alert.told
  journey.back: Back
""",
    "offer.hello": """\
offer.hello: Hello

A customer may get it when
  the customer is in the segment quiet

When the customer is left alone
  For 30 days after they dismissed it.
  For 90 days after they accepted it.

Where it stands
  in home, through click (home holds 2 offers)
  in shop, through kiosk (shop holds 1 offer)

How it is ranked
  By its score: value 1.5 × lever 2 = 3.
  Of equal scores the first place that has room is taken.

From when, until when
  It opens at 2026-03-01 00:00 UTC.
  It is over at 2026-04-01 00:00 UTC.
  A decision for it stands for 7 days; with less than a third of that left, it is decided anew when the customer is there.

The reason that readers are told
  "we miss you"

When it is asked
  At events that change segments or what became of offers.

When time alone changes it
  as time moves customers in and out of quiet
  Offers are chosen anew at events, and when time moves the customer between segments: that is when it is seen.

What it reads
  segments: The segments the customer is in, in the order of their names.

What it publishes
  offer.decided, once for each decision, and what is served of the customer's offers.

It rests on
  segment.quiet: Bought long ago
""",
    "alert.fails": """\
alert.fails

It is raised
  at the event "Kiosk Transaction Failed"
  when
    the customer is in the segment quiet
  the 3rd time within 10 minutes

What people are told (warning)
  "Fails at {event.properties.kiosk_id}"

How long it is silent then
  1 hour
  for each value of the event's "kiosk_id" on its own

It is over when
  the event is "Kiosk Repaired"
  Until then it stands, and is not raised again.

While nobody acknowledges it
  after 30 minutes it is critical
  after 2 hours it is warning: "Still"
    a note is made (log)
      message: "long"
      to be delivered within 7 days

What others are asked to do
  the customer is handed to people (lead.route)
    region: the customer's city
    score: the value of all orders
    by the table sales:
      region DE or AT, score of at least 5, below 50: dach
      score below 5: small
      all the rest: desk
    to be delivered within 7 days
  a web address is called (webhook)
    url: the secret ADDRESS
    method: "POST"
    payload:
      n: the number of orders
    payload_secrets:
      token: the secret TOKEN
    once for each value of the event's "kiosk_id"
    only when somebody has approved of it
    to be delivered within 1 day

When it is asked
  At the event "Kiosk Transaction Failed".

When time alone changes it
  while nobody acknowledges it, at the time of each step

What it reads
  segments: The segments the customer is in, in the order of their names.
  event.name: The event's name, such as "Order Completed".
  event.properties.kiosk_id: What the event says: any JSON values.
  customer.city: A trait, string: what the customer has said.
  profile.orders.value: What they came to, less refunds, in the shop's currency.
  profile.orders.count: How many orders were completed.

What it publishes
  alert.raised, once each time it is raised
  alert.escalated, once for each step
  alert.acknowledged, when an event "Alert Acknowledged" names it
  alert.cleared, when it is over
  lead.route, webhook and log, for others to carry out

It rests on
  segment.quiet: Bought long ago
  route.sales
""",
    "journey.cart": """\
journey.cart: Remind

It begins
  at the event "Product Added" or "Checkout Started"
  if then
    the value of the cart is at least 50

How often
  A customer is on it once at a time for each value of the event's "cart_id" (the key).
  With 3 different keys at once, at most.
  When it is over, not again for 7 days.

It ends at once when
  at least one of these is so:
    the event is "Order Completed"
    the customer wants no more mail

Step by step
  1. breathe: wait 1 hour
  2. wait, at most 1 day, until
    all of these are so:
      the event is "Cart Viewed"
      the event's "cart_id" is the key of the run
    when it holds:
      3. the journey ends
    when it did not in time:
      4. mail: a mail is asked for (email.request)
        template: "cart"
        values:
          cart: the key of the run
        to be delivered within 1 day
  5. by lot,
    30 of 100:
      6. look whether the customer is in the segment buyer
        if so:
          7. wait until it is 09:00 on Monday or Friday
          8. wait until it is 10:00
        if not:
          9. wait, at most 2 hours, until the number of pieces in the cart is 0
    70 of 100: nothing (a control group)
  10. a message on the customer's devices is asked for (push.request)
    text: "Bye"
    to be delivered within 4 hours

At what hours
  From 21:00 to 08:00 no action is taken: it waits until then.
  Hours are those of the customer's zone; where that is not known, Europe/Berlin.

When it is changed
  Runs of an earlier version go on at the step of the same id, others end.

When it is asked whether it begins
  At the event "Product Added" or "Checkout Started".

When time alone changes it
  when a step has waited long enough
  when the quiet hours are over

What it reads
  profile.cart.value: What the cart is worth, in the shop's currency.
  event.properties.cart_id: What the event says: any JSON values.
  event.name: The event's name, such as "Order Completed".
  profile.email.unsubscribed: Whether the customer wants no more.
  customer.zone: A trait, string: what the customer has said.
  segments: The segments the customer is in, in the order of their names.
  profile.cart.items: How many pieces are in it.

What it publishes
  journey.started and journey.ended, once each for every run
  email.request and push.request, for others to carry out

It rests on
  segment.buyer: Bought
""",
    "route.sales": """\
route.sales

The first row that fits is taken
  region DE or AT, score of at least 5, below 50: dach
  score below 5: small
  all the rest: desk

What rests on it
  alert.fails
""",
}
RAISED = {
    "share": (
        [
            'at the event "A"',
            'as soon as such are at least 50% of all events "A" or "B" within 1 hour, at least 5 of them',
        ],
        ['At the event "A" or "B".'],
        ["never"],
    ),
    "left": (
        [
            'at the event "A"',
            'and then no event "B" where the event\'s "n" is more than 1 has come within 2 hours',
            "the time is counted from the first such event on",
        ],
        [
            'At the event "A" or "B".',
            "Without an event, at the moment at which time alone may change the answer.",
        ],
        ["2 hours after the event, when the one that is waited for has not come"],
    ),
    "left_last": (
        [
            'at the event "A"',
            'and then no event "B" has come within 2 hours',
            "the time is counted from the last such event on",
        ],
        [
            'At the event "A" or "B".',
            "Without an event, at the moment at which time alone may change the answer.",
        ],
        ["2 hours after the event, when the one that is waited for has not come"],
    ),
    "after": (
        ['at the event "A"', 'and then an event "B" has come within 2 hours'],
        ['At the event "A" or "B".'],
        ["never"],
    ),
    "city": (
        [
            {
                "text": 'when this was "Berlin" and becomes another:',
                "below": ["the customer's city if the customer's city is known, else \"none\""],
            }
        ],
        ["At events that change traits."],
        ["never"],
    ),
    "fading": (
        [
            {
                "text": "when",
                "below": ["the customer's last event was more than 30 days ago, or never"],
            }
        ],
        [
            "At every event.",
            "Without an event, at the moment at which time alone may change the answer.",
        ],
        ["now: as time passes"],
    ),
    "cart": (
        [{"text": "when", "below": ["the value of the cart is more than 300"]}],
        ["At events that change the cart."],
        ["never"],
    ),
}
