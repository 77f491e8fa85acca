"""An outbox gives back what was put in, each kind in its order."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from state.outbox import ActionEntry, Entry, ForwardEntry, encode_entry, read_outbox

headers = st.lists(st.tuples(st.text(max_size=4), st.none() | st.binary(max_size=4)), max_size=4)
entries: st.SearchStrategy[Entry] = st.one_of(
    st.builds(ActionEntry, st.binary(), st.binary()),
    st.builds(ForwardEntry, st.integers(0, 1023), st.none() | st.binary(), st.binary(), headers),
)


@given(st.lists(entries))
def test_entries_come_back_as_they_were_recorded_each_kind_in_order(recorded: list[Entry]) -> None:
    actions, forwards = read_outbox(map(encode_entry, recorded))
    assert actions == [entry for entry in recorded if isinstance(entry, ActionEntry)]
    assert forwards == [entry for entry in recorded if isinstance(entry, ForwardEntry)]


@pytest.mark.parametrize("stored", [b"", b"{}", msgspec.msgpack.encode(["other", b"", b""])])
def test_what_is_no_entry_is_never_published_as_one(stored: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        read_outbox([stored])
