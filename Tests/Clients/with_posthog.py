"""PostHog's published Python SDK in both of its protocols, with nothing changed but the host, and requests as posthog-js
makes them."""
import base64
import gzip
import json
import urllib.error
import urllib.parse
import urllib.request
import uuid

CLIENT = "PostHog's Python SDK"
CONNECT = '`Posthog(key, host="http://HOST:7480")`, posthog-js: `api_host`'
LACKS = "feature flags, surveys and recordings: there are none, and the SDKs are told so"


def version():
    from importlib.metadata import version
    return version("posthog")


def sdk(server, errors, **options):
    from posthog import Posthog
    return Posthog("phc_test", host=server.http, on_error=lambda error, batch: errors.append(error), max_retries=1,
                   timeout=10, disable_geoip=True, **options)


def send(server, path, body, headers=None, method="POST"):
    request = urllib.request.Request(server.http + path, body, headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read(), dict(answer.headers.items())
    except urllib.error.HTTPError as error:
        return error.code, error.read(), dict(error.headers.items())


def number():
    return str(uuid.uuid4())


def capture_everything(server, mode, **options):
    errors = []
    names = {key: number() for key in ("capture", "set", "once", "alias", "group", "anonymous")}
    client = sdk(server, errors, capture_mode=mode, **options)
    user = f"user-{mode}"
    client.capture("Signed Up", distinct_id=user, properties={"plan": "pro", "price": 12.5}, uuid=names["capture"])
    client.set(distinct_id=user, properties={"email": "a@example.com"}, uuid=names["set"])
    client.set_once(distinct_id=user, properties={"first": 1}, uuid=names["once"])
    client.alias(previous_id=user, distinct_id=f"other-{mode}", uuid=names["alias"])
    client.group_identify("company", "c1", {"size": 3}, distinct_id=user, uuid=names["group"])
    client.capture("Anonymous", distinct_id=f"device-{mode}", uuid=names["anonymous"],
                   properties={"$process_person_profile": False})
    client.flush()
    client.shutdown()
    assert not errors, errors
    with server.connect() as connection:
        def one(name, columns):
            return connection.execute(f"SELECT {columns} FROM events WHERE event_id = %s", (names[name],)).fetchone()
        found = one("capture", "event, user_id, anonymous_id, distinct_id, properties->>'plan', properties->>'price', "
                               "properties->>'$lib', sent_at IS NOT NULL, time <= received_at + interval '1 second'")
        assert found == ("Signed Up", user, None, user, "pro", "12.5", "posthog-python", True, True), found
        assert one("set", "event, properties->'$set'->>'email'") == ("$set", "a@example.com")
        assert one("once", "event, properties->'$set_once'->>'first'") == ("$set_once", "1")
        assert one("alias", "event, user_id, properties->>'alias'") == ("$create_alias", user, f"other-{mode}")
        assert one("group", "event, properties->'$group_set'->>'size'") == ("$groupidentify", "3")
        found = one("anonymous", "user_id, anonymous_id, distinct_id, properties->>'$process_person_profile'")
        assert found == (None, f"device-{mode}", f"device-{mode}", "false"), found
        assert connection.execute("SELECT properties FROM users WHERE user_id = %s", (user,)).fetchone() == (
            {"email": "a@example.com", "first": 1},)
        assert connection.execute("SELECT apus.person(%s)", (f"other-{mode}",)).fetchone() == (user,)


def test_the_batch_endpoint(server):
    capture_everything(server, "v0", gzip=False)


def test_the_batch_endpoint_with_gzip(server):
    errors = []
    client = sdk(server, errors, gzip=True)
    for n in range(500):
        client.capture("Bulk", distinct_id=f"u{n % 7}", properties={"n": n})
    client.flush()
    client.shutdown()
    assert not errors, errors
    with server.connect() as connection:
        found = connection.execute("SELECT count(*), count(DISTINCT user_id) FROM events WHERE event = 'Bulk'").fetchone()
        assert found == (500, 7), found


def test_the_analytics_endpoint(server):
    capture_everything(server, "v1", capture_compression="gzip")


def test_the_analytics_endpoint_with_deflate(server):
    errors = []
    client = sdk(server, errors, capture_mode="v1", capture_compression="deflate")
    client.capture("Deflated", distinct_id="u")
    client.flush()
    client.shutdown()
    assert not errors, errors


def test_rejected_events_are_told_to_the_sdk_one_by_one(server):
    good, bad = number(), number()
    body = {"created_at": "2026-01-01T00:00:00Z", "batch": [
        {"event": "Good", "uuid": good, "distinct_id": "u", "timestamp": "2026-01-01T00:00:00Z", "options": {}, "properties": {}},
        {"event": "Bad", "uuid": bad, "distinct_id": "u", "timestamp": "no time", "options": {}, "properties": {}}]}
    for _ in range(2):
        status, text, _ = send(server, "/i/v1/analytics/events", json.dumps(body).encode(),
                               {"Content-Type": "application/json", "Authorization": "Bearer phc_x"})
        assert status == 200, text
        results = json.loads(text)["results"]
        assert results[good] == {"result": "ok"} and results[bad]["result"] == "drop", results
        assert results[bad]["details"] == "invalid_value", results


def test_feature_flags_are_none(server):
    errors = []
    client = sdk(server, errors)
    assert client.get_all_flags("u") == {}, client.get_all_flags("u")
    client.shutdown()
    for path in ("/flags/?v=2", "/decide/?v=3"):
        status, text, _ = send(server, path, b'{"token": "phc_x", "distinct_id": "u"}', {"Content-Type": "application/json"})
        assert status == 200 and json.loads(text)["featureFlags"] == {}, text
    status, text, _ = send(server, "/array/phc_x/config", None, method="GET")
    assert status == 200 and json.loads(text)["token"] == "phc_x", text
    status, text, headers = send(server, "/array/phc_x/config.js", None, method="GET")
    assert status == 200 and b"_POSTHOG_REMOTE_CONFIG" in text and "javascript" in headers["Content-Type"], text


def browser_event(name, **more):
    """An event as posthog-js puts it together."""
    return {"uuid": more.pop("uuid", number()), "event": name, "timestamp": "2026-03-01T10:00:00.000Z", "properties": {
        "token": "phc_web", "distinct_id": "device-web", "$device_id": "device-web", "$session_id": "session-web",
        "$lib": "web", "$process_person_profile": False, "$current_url": "https://example.com/ä", **more}}


def stored(server, identifier):
    with server.connect() as connection:
        return connection.execute("SELECT event, user_id, anonymous_id, session_id, properties->>'$current_url' "
                                  "FROM events WHERE event_id = %s", (identifier,)).fetchone()


def test_bodies_of_posthog_js(server):
    wanted = ("$pageview", None, "device-web", "session-web", "https://example.com/ä")
    forms = [
        # gzip-js: a gzip body that only the parameter names, called text; as fetch sends it.
        ("/e/?compression=gzip-js&ver=1.300.0&_=1772359200500", "text/plain", lambda text: gzip.compress(text), True),
        ("/i/v0/e/?compression=gzip-js&ver=1.300.0&_=1772359200500", "text/plain", lambda text: gzip.compress(text), True),
        # base64 in a form: as sendBeacon sends it.
        ("/e/?compression=base64&beacon=1&ver=1.300.0&_=1772359200500", "application/x-www-form-urlencoded",
         lambda text: b"data=" + urllib.parse.quote(base64.b64encode(text).decode(), safe="").encode(), True),
        # Plain, one event by itself.
        ("/e?ver=1.300.0", "application/json", lambda text: text, False),
        ("/capture/", "application/json", lambda text: text, False),
    ]
    for path, kind, wrap, is_array in forms:
        event = browser_event("$pageview")
        body = wrap(json.dumps([event] if is_array else event).encode())
        status, text, headers = send(server, path, body, {"Content-Type": kind, "Origin": "http://localhost:3000"})
        if "beacon" in path:
            assert (status, text) == (204, b""), (path, status, text)
        else:
            assert (status, json.loads(text)) == (200, {"status": "Ok"}), (path, status, text)
        assert headers["Access-Control-Allow-Origin"] == "http://localhost:3000", headers
        assert headers["Access-Control-Allow-Credentials"] == "true", headers
        assert stored(server, event["uuid"]) == wanted, (path, stored(server, event["uuid"]))


def test_identify_of_posthog_js(server):
    event = browser_event("$identify", distinct_id="web-user", **{"$anon_distinct_id": "device-web-2",
                                                                  "$process_person_profile": True})
    event["$set"] = {"email": "b@example.com"}
    event["$set_once"] = {"$initial_referrer": "$direct"}
    status, text, _ = send(server, "/e/", json.dumps(event).encode(), {"Content-Type": "application/json"})
    assert status == 200, text
    assert stored(server, event["uuid"])[:3] == ("$identify", "web-user", "device-web-2")
    with server.connect() as connection:
        assert connection.execute("SELECT properties->'$set', properties->'$set_once' FROM events WHERE event_id = %s",
                                  (event["uuid"],)).fetchone() == ({"email": "b@example.com"}, {"$initial_referrer": "$direct"})
        assert connection.execute("SELECT user_id, apus.person(anonymous_id) FROM identities WHERE anonymous_id = 'device-web-2'"
                                  ).fetchone() == ("web-user", "web-user")
        assert connection.execute("SELECT apus.person('device-web-2'), apus.person('nobody'), apus.person(NULL)"
                                  ).fetchone() == ("web-user", "nobody", None)


def test_preflight_of_a_page(server):
    for path in ("/e/", "/i/v1/analytics/events", "/flags/", "/v1/batch"):
        status, _, headers = send(server, path, None, {
            "Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,posthog-sdk-info"}, method="OPTIONS")
        assert status == 204 and "POST" in headers["Access-Control-Allow-Methods"], (path, status, headers)
        assert "posthog-sdk-info" in headers["Access-Control-Allow-Headers"], headers
        assert headers["Access-Control-Allow-Credentials"] == "true", headers
        status, _, _ = send(server, path, None, {
            "Origin": "https://example.com", "Access-Control-Request-Method": "POST"}, method="OPTIONS")
        assert status == 403, (path, status)


def test_what_cannot_be_read_is_refused(server):
    for path, body, kind in [("/e/", b"nonsense!", "text/plain"), ("/batch/", b'{"batch": 1}', "application/json"),
                             ("/e/?compression=lz64", b"abcd", "text/plain"),
                             ("/e/", b"\x1f\x8bbroken", "text/plain"), ("/e/", b"", "application/json")]:
        status, text, _ = send(server, path, body, {"Content-Type": kind})
        assert status == 400 and json.loads(text)["detail"], (path, body, status, text)
