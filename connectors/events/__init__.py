"""What producers send: bytes in, touchpoints or refusals out; pure."""
