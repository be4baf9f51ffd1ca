"""Segment's published Python SDK, with nothing changed but the host."""
import time


CLIENT = "Segment's Python SDK"


def version():
    from importlib.metadata import version
    return version("segment-analytics-python")


CONNECT = '`Client(key, host="http://HOST:7480")`'
LACKS = ""


def test_track_identify_page_and_the_rest(server):
    from segment.analytics.client import Client
    errors = []
    client = Client("key", host=server.http, gzip=False, on_error=lambda error, batch: errors.append(error),
                    max_retries=1, timeout=10)
    client.track("s1", "Signed Up", {"plan": "pro", "price": 12.5}, context={"ip": "1.2.3.4"}, message_id="seg-1")
    client.identify("s1", {"email": "a@example.com"}, message_id="seg-2")
    client.page("s1", "Docs", "Start", {"url": "/start"}, message_id="seg-3")
    client.screen("s1", "Main", message_id="seg-4")
    client.group("s1", "g1", {"size": 3}, message_id="seg-5")
    client.alias("anon-1", "s1", message_id="seg-6")
    client.track(event="Anonymous", anonymous_id="anon-1", message_id="seg-7")
    client.flush()
    client.shutdown()
    assert not errors, errors
    with server.connect() as connection:
        rows = dict(connection.execute("SELECT event_id, event FROM events WHERE event_id LIKE 'seg-%'").fetchall())
        assert rows == {"seg-1": "Signed Up", "seg-2": "$identify", "seg-3": "$pageview", "seg-4": "$screen",
                        "seg-5": "$group", "seg-6": "$alias", "seg-7": "Anonymous"}, rows
        one = lambda sql: connection.execute(sql).fetchone()
        assert one("SELECT user_id, distinct_id, properties->>'plan', properties->>'price' FROM events "
                   "WHERE event_id = 'seg-1'") == ("s1", "s1", "pro", "12.5")
        assert one("SELECT properties->'$set'->>'email' FROM events WHERE event_id = 'seg-2'") == ("a@example.com",)
        assert one("SELECT properties->'$context'->'library'->>'name' FROM events WHERE event_id = 'seg-1'") == (
            "analytics-python",)
        assert one("SELECT user_id, anonymous_id, distinct_id FROM events WHERE event_id = 'seg-7'") == (
            None, "anon-1", "anon-1")


def test_gzip_and_a_large_batch(server):
    from segment.analytics.client import Client
    errors = []
    client = Client("key", host=server.http, gzip=True, on_error=lambda error, batch: errors.append(error),
                    max_retries=1, timeout=10)
    for number in range(1000):
        client.track(f"user {number % 7}", "Bulk", {"n": number}, message_id=f"bulk-{number}")
    client.flush()
    client.shutdown()
    assert not errors, errors[:1]
    with server.connect() as connection:
        found = connection.execute(
            "SELECT count(*), count(DISTINCT user_id) FROM events WHERE event = 'Bulk'").fetchone()
        assert found == (1000, 7), found


def test_requests_of_the_sdk_for_browsers(server):
    """analytics.js shortens the paths, calls its JSON text, and sends credentials with beacons."""
    import json
    import urllib.request
    event = {"type": "track", "event": "Clicked", "anonymousId": "a", "messageId": "ajs-1", "timestamp": "2026-03-01T10:00:00Z",
             "properties": {}, "context": {"page": {"path": "/"}}, "integrations": {}, "writeKey": "k", "userId": None}
    for path, body in [("/v1/t", event), ("/v1/b", {"writeKey": "k", "sentAt": "2026-03-01T10:00:01Z",
                                                    "batch": [{**event, "messageId": "ajs-2", "type": "page", "name": "Home"}]})]:
        request = urllib.request.Request(server.http + path, json.dumps(body).encode(), {
            "Content-Type": "text/plain;charset=UTF-8", "Origin": "http://localhost:3000"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert json.load(answer) == {"success": True}
            assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
            assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    with server.connect() as connection:
        found = connection.execute("SELECT event_id, event FROM events WHERE event_id LIKE 'ajs-%' ORDER BY 1").fetchall()
        assert found == [("ajs-1", "Clicked"), ("ajs-2", "$pageview")], found


def test_the_same_message_twice_is_one_event(server):
    from segment.analytics.client import Client
    for _ in range(2):
        client = Client("key", host=server.http, max_retries=1, timeout=10)
        client.track("u", "Twice", message_id="twice-1")
        client.flush()
        client.shutdown()
    time.sleep(0.05)
    with server.connect() as connection:
        assert connection.execute("SELECT count(*) FROM events WHERE event = 'Twice'").fetchone() == (1,)
