"""A secret that was written into a playbook is refused, and is not repeated."""

import pytest

from decisions.load import parse_playbook
from decisions.playbook import PlaybookError
from decisions.secrets import SHAPES, is_telling
from tests.decisions.actions.asked import wrong
from tests.decisions.someone import HEAD

# In two parts each, so that those who look for secrets find none here.
SECRETS = {
    "an AWS access key": "AKIA" + "IOSFODNN7EXAMPLE",
    "a GitHub token": "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a",
    "a GitLab token": "glpat-" + "x7Yh2kQ9sLmN4pRtVw3z",
    "a Slack token": "xoxb-" + "17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy",
    "a Slack webhook": "https://hooks.slack.com/services/" + "T00000000/B00000000/XXXXXXXXXXXXXXXX",
    "a Stripe key": "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "a Google API key": "AIza" + "SyDaGmWKa4JsXZ-HjGw7ISLn_3namBGewQe",
    "a SendGrid key": "SG." + "ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf09kqeF8tAmbihYzrnopKc",
    "a JSON Web Token": "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "a bearer's token": "Bearer " + "mF_9.B5f-4.1JqM0d3d3d3d",
    "a name and password": "Basic " + "YWxhZGRpbjpvcGVuc2VzYW1l",
    "a password in an address": "https://ann:" + "hunter2" + "@crm.example/",
}
PLACES = [
    "{HEAD}offers: {{}}\ntitle: say {secret}\n",
    "{HEAD}offers: {{}}\n# say {secret}\n",
    "{HEAD}offers: {{}}\nalerts:\n  a: {{event: x, severity: info, message: '{secret}'}}\n",
    "{HEAD}offers: {{}}\nalerts:\n  a: {{event: x, when: '{secret}', severity: '{secret}'}}\n",
    "{HEAD}offers: {{{secret}: no yaml at all\n",
]


def refused(text: str) -> str:
    """What is said of a playbook; nothing of a right one."""
    try:
        parse_playbook(text, "p.yaml")
    except PlaybookError as error:
        return str(error)
    return ""


def test_every_shape_has_an_example_here() -> None:
    assert set(SECRETS) == {what for what, _ in SHAPES}


@pytest.mark.parametrize("what", SECRETS)
@pytest.mark.parametrize("place", PLACES)
def test_a_secret_is_refused_wherever_it_stands_and_never_repeated(place: str, what: str) -> None:
    secret = SECRETS[what]
    text = place.format(HEAD=HEAD, secret=secret)
    said = refused(text)
    first = text.splitlines().index(next(line for line in text.splitlines() if secret in line))
    column = text.splitlines()[first].index(secret) + 1
    if what != "a Slack webhook":  # whose place is that of its host
        assert said.startswith(f"p.yaml:{first + 1}:{column}: {what}; expected a reference such as")
    assert what in said
    for part in (secret, secret[-8:], secret.split()[-1]):
        assert part not in said


@pytest.mark.parametrize(
    "action",
    [
        "{action: webhook, url: 'https://x/', headers: {X-Api-Key: hunter2}}",
        "{action: webhook, url: 'https://x/', headers: {Authorization: hunter2}}",
        "{action: webhook, url: 'https://x/', headers: {X-Hub-Signature-256: hunter2}}",
        "{action: webhook, url: 'https://x/', headers: {cookie: hunter2}}",
        "{action: webhook, url: 'https://x/', payload: {password: '\"hunter2\"'}}",
        "{action: webhook, url: 'https://x/', payload: {clientSecret: '\"hunt\" + \"hunter2\"'}}",
        "{action: webhook, url: 'https://x/', payload: {routing_key: hunter2}}",
        "{action: webhook, url: 'https://x/', payload: {key: '\"event.id hunter2\"'}}",
        "{action: email.request, template: t, values: {access_token: \"'hunter2'\"}}",
        "{action: webhook, url: 'https://x/?token=hunter2'}",
        "{action: webhook, url: 'https://x/?a=1&api_key=hunter2&b=2'}",
        "{action: webhook, url: 'https://x/#sig=hunter2'}",
        "{action: log, message: 'see https://x/?password=hunter2'}",
    ],
)
def test_a_value_that_is_written_out_under_a_telling_name_is_refused(action: str) -> None:
    said = wrong(action)
    assert "expected a reference such as {secret: CRM_TOKEN}" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "action",
    [
        "{action: webhook, url: 'https://x/', headers: {X-Api-Key: {secret: KEY}}}",
        "{action: webhook, url: {secret: HOOK}, payload: {routing_key: {secret: KEY}}}",
        "{action: webhook, url: 'https://x/', headers: {X-Key: '{event.properties.key}'}}",
        "{action: webhook, url: 'https://x/?key={event.properties.key}'}",
        "{action: webhook, url: 'https://x/?sort_key=price&token_type=a&page=2'}",
        "{action: webhook, url: 'https://x/', headers: {X-Partition-Key: eu}}",
        "{action: webhook, url: 'https://x/', payload: {token: event.properties.token}}",
        "{action: webhook, url: 'https://x/', payload: {key: '\"k-\" + event.properties.id'}}",
        "{action: log, message: 'The bearer of good news, the basic facts, a secret santa'}",
        "{action: log, message: 'password: forgotten; token of love; see https://x.example/a:b'}",
        "{action: log, message: 'Bearer authentication_and_nothing_else_is_meant here'}",
        "{action: ticket.request, queue: key_accounts, subject: tokens, text: to a@b.example}",
    ],
)
def test_what_is_no_secret_is_taken(action: str) -> None:
    assert wrong(action) == ""


def test_every_secret_is_named_at_once() -> None:
    one, other = SECRETS["a GitHub token"], SECRETS["a Stripe key"]
    said = refused(f"{HEAD}title: {one} {other}\n# {one}\noffers: {{}}\n")
    assert [line.split(";")[0] for line in said.splitlines()] == [
        "p.yaml:6:8: a GitHub token",
        f"p.yaml:6:{9 + len(one)}: a Stripe key",
        "p.yaml:7:3: a GitHub token",
    ]


@pytest.mark.parametrize(
    ("name", "telling"),
    [
        ("token", True),
        ("X-Auth-Token", True),
        ("APIKey", True),
        ("clientSecret", True),
        ("x-hub-signature-256", True),
        ("SIG", True),
        ("token_type", False),
        ("monkey", False),
        ("keyboard", False),
        ("public_key", False),
        ("Idempotency-Key", False),
        ("secretary", False),
        ("", False),
    ],
)
def test_a_name_tells_by_its_last_word(name: str, telling: bool) -> None:
    assert is_telling(name) == telling
