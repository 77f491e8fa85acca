"""Every blob ever written can be read: one of each schema version is kept in blobs/.

Whoever appends a field to the profile raises `VERSION`, gives `full()` a value for it, and writes
the next file: `python -m tests.state.test_profile_blobs`. The older ones stay as they are. Until
the first release there is only version 1, whose file is written anew.
"""

from pathlib import Path

import msgspec
import pytest

from state.journeys import Run
from state.profile import (
    VERSION,
    Answer,
    Cart,
    CartLine,
    ChannelActivity,
    Chat,
    Consent,
    Contact,
    Email,
    HeldOffer,
    Interest,
    Kiosk,
    Orders,
    Profile,
    ProfileUnreadable,
    Proposal,
    Sessions,
    Tracker,
    Watch,
    decode_profile,
    encode_profile,
)

BLOBS = Path(__file__).parent / "blobs"


def full() -> Profile:
    """A profile in which every field holds something of its own."""
    return Profile(
        recent=bytes(range(24)),
        first_at=1,
        last_at=2,
        channels={"click": ChannelActivity(events=3, first_at=4, last_at=5)},
        events={0: 6, "Their Own": 51},
        sessions=Sessions(count=7, started_at=8, last_at=9, events=10),
        cart=Cart(
            cart_id="cart",
            lines={"shoe": CartLine(quantity=11, price=12.5, category="Shoes")},
            value=137.5,
            updated_at=13,
            stated_at=14,
        ),
        orders=Orders(
            count=15, value=16.5, last_at=17, last_value=18.5, recent=[(19, 20.5, 1)], first_at=69
        ),
        affinity={"Shoes": Interest(score=21.5, at=22)},
        email=Email(
            sent=23,
            opened=24,
            clicked=25,
            bounced=26,
            unsubscribed=True,
            last_sent_at=27,
            last_opened_at=28,
            last_clicked_at=29,
            subscription_at=30,
        ),
        kiosk=Kiosk(visits=31, transactions=32, failures=33, last_visit_at=34, last_failure_at=35),
        chat=Chat(
            conversations=36,
            messages=37,
            last_at=38,
            open=True,
            rating=4,
            rated_at=39,
            turned_at=40,
        ),
        traits={"plan": "gold", "age": 41, "score": 42.5, "vip": True, "sports": ["run"]},
        trimmed=43,
        segments={"vip": 44},
        alerts={"angry:7": 45},
        offers=[
            HeldOffer(
                offer_id="free-shipping",
                decision_id=b"ab" * 8,
                channel="click",
                placement="hero",
                score=46.5,
                decided_at=47,
                expires_at=48,
                version=b"v123",
                propensity=0.69,
                weight=70.5,
                products=("p-1",),
                price=71.5,
            )
        ],
        playbook="49",
        identified_at=50,
        offers_until=52,
        decided_at=53,
        due_at=54,
        firings=55,
        history={b"12345678": Tracker(last_at=56, done_at=57, recent=[(58, 59.5, 60)])},
        watches={
            "angry:8": Watch(
                keep_until=61,
                times=[62],
                others=[63],
                armed_at=64,
                armed_by="m-1",
                texts=["a text"],
                met_at=65,
                raised_at=66,
                raised_by="m-2",
                said=["said"],
                steps=67,
                acknowledged_at=68,
                held=True,
                value="gold",
                key="a long key",
            )
        },
        journeys=[
            Run(
                id=b"cd" * 8,
                journey="abandoned_cart",
                version=b"666666",
                key="cart-61",
                step=62,
                since=63,
                due=64,
                started_at=65,
                armed_by="m-66",
            )
        ],
        journeys_left={"abandoned_cart:cart-60": 67},
        journeys_met=["lapsed"],
        consents={"marketing": Consent(granted=True, at=71)},
        proposals=[
            Proposal(
                decision_id=b"ef" * 8,
                offer_id="club",
                channel="email",
                placement="inbox",
                decided_at=72,
                shown_at=73,
                clicked_at=74,
                accepted_at=75,
                dismissed_at=76,
                group="loyalty",
            )
        ],
        answers={"club": Answer(dismissed_at=77, accepted_at=78)},
        contacts={b"87654321": Contact(most=81, within_ms=82, times=[79, 80])},
        withdrawn_for="stock:p-2",
    )


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_a_blob_of_each_version_is_read(version: int) -> None:
    profile = decode_profile((BLOBS / f"profile-{version}.msgpack").read_bytes())
    assert profile.version == version
    assert profile.first_at == 1
    assert profile.orders.recent == [(19, 20.5, 1)]
    assert profile.offers[0].placement == "hero"


def test_the_blob_of_this_version_holds_every_field_as_it_is_written_today() -> None:
    blob = (BLOBS / f"profile-{VERSION}.msgpack").read_bytes()
    assert decode_profile(blob) == full()
    assert blob == encode_profile(full())
    for name, default in msgspec.structs.asdict(Profile()).items():
        assert name == "version" or getattr(full(), name) != default, name


def test_a_blob_of_before_a_field_was_appended_gives_its_default() -> None:
    shorter = msgspec.msgpack.encode(msgspec.msgpack.decode(encode_profile(full()))[:-1])
    assert decode_profile(shorter) == msgspec.structs.replace(full(), withdrawn_for="")


def test_a_blob_of_before_traits_held_lists_is_read_as_it_was() -> None:
    written = msgspec.msgpack.decode(encode_profile(full()))
    at = list(Profile.__struct_fields__).index("traits")
    plain = {"plan": "gold", "age": 41, "score": 42.5, "vip": True}
    written[at] = plain
    blob = msgspec.msgpack.encode(written)
    assert decode_profile(blob) == msgspec.structs.replace(full(), traits=plain)
    assert encode_profile(decode_profile(blob)) == blob


def test_a_blob_of_a_later_version_and_what_is_no_blob_are_refused() -> None:
    later = msgspec.structs.replace(full(), version=VERSION + 1)
    with pytest.raises(ProfileUnreadable, match="written by a later version"):
        decode_profile(encode_profile(later))
    with pytest.raises(ProfileUnreadable, match="expected a stored profile"):
        decode_profile(b"no blob")


def test_the_version_is_the_first_thing_in_a_blob() -> None:
    assert msgspec.msgpack.decode(encode_profile(Profile()))[0] == VERSION


if __name__ == "__main__":
    (BLOBS / f"profile-{VERSION}.msgpack").write_bytes(encode_profile(full()))
