"""What schemathesis has to know of bodies that are no JSON: lines of JSON, and CSV. Named in SCHEMATHESIS_HOOKS."""

import json

import schemathesis
from hypothesis import strategies as st

numbers = st.sampled_from(["447700900123", "+44 7700 900456", "12x", ""]) | st.text(max_size=20)
values = st.none() | st.booleans() | st.integers() | st.text(max_size=40)
messages = st.fixed_dictionaries(
    {"to": numbers | st.lists(numbers, max_size=3), "text": st.text(max_size=200)},
    optional={"from": st.text(max_size=15), "class": st.text(max_size=8), "validity": values, "send_at": values, "x": values},
)
lines = messages.map(json.dumps) | values.map(json.dumps) | st.text(max_size=60)
rows = st.lists(st.tuples(numbers, st.text(max_size=80)), max_size=5)

schemathesis.openapi.media_type(
    "application/x-ndjson", st.lists(lines, max_size=8).map(lambda all: "\n".join(all).encode("utf-8", "replace"))
)
schemathesis.openapi.media_type(
    "text/csv",
    rows.map(lambda rows: "to,text\n" + "".join(f'{to},"{text}"\n' for to, text in rows)).map(
        lambda text: text.encode("utf-8", "replace")
    ),
)


@schemathesis.deserializer("application/x-ndjson", "text/csv", "text/plain")
def as_text(_context, response):
    return response.content.decode("utf-8")
