#!/usr/bin/env python3
"""Makes product events: the same rows for the same arguments, on any machine.

    generate.py --rows 1M --format ndjson,flat --out DIRECTORY

Formats: `flat` (Parquet, a column a property), `json` (Parquet, properties as JSON text), `ndjson` (what is posted to
/v1/events), `csv`. A file `meta.json` beside them says what was made. One day is made and written at a time.

Half of the sessions belong to users drawn from a Zipf distribution, half to users drawn evenly; a session is a chain
of events with exponential gaps; days have rush hours and weekends; countries, urls, campaigns and the rest are skewed
as such things are. Rows come in the order of arrival: 1 % about 30 s late, 0.05 % up to 2 hours late.
"""
import argparse
import json
import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
END = 1_782_864_000 * SECOND  # 2026-07-01 00:00:00 UTC
ROWS_PER_ROW_GROUP = 250_000

EVENT_NAMES = (
    "page_view button_click api_call search add_to_cart session_start login form_submit video_play purchase signup "
    "logout scroll download share notification_open checkout_start remove_from_cart profile_update video_complete "
    "comment like follow invite_sent upload error subscription_start subscription_cancel feature_toggle feedback"
).split()
COUNTRIES = (
    "US IN BR DE GB FR JP CA AU MX ES IT NL KR ID TR PL SE AR CH BE AT NO DK FI IE PT CZ GR HU RO UA IL ZA NG EG KE "
    "MA SA AE SG MY TH VN PH TW HK NZ CL CO PE EC UY BG HR SK SI LT LV EE"
).split()
DEVICES = ["mobile", "desktop", "tablet", "tv"]
BROWSERS = ["Chrome", "Safari", "Firefox", "Edge", "Samsung Internet", "Opera", "Brave", "Other"]
SYSTEMS = ["Android", "iOS", "Windows", "macOS", "Linux", "ChromeOS", "tvOS", "Other"]
TIERS = ["free", "basic", "pro", "enterprise"]
CURRENCIES = ["USD", "EUR", "GBP", "INR", "JPY", "BRL", "CAD", "AUD"]
STATUS_CODES = [200, 201, 204, 301, 400, 401, 403, 404, 429, 500, 502, 503]
SECTIONS = ["products", "blog", "docs", "account", "checkout", "pricing", "help", "search", "category", "campaign"]
REFERRER_KINDS = ["news", "social", "search", "mail", "partner"]


def _url(number):
    page = "item" if number % 3 else "page"
    return f"/{SECTIONS[number * 7 % 10]}/{page}-{number:04d}" + ("/details" if number % 5 == 0 else "")


def _referrer(number):
    return f"https://{REFERRER_KINDS[number % 5]}{number:03d}.example/{'r' if number % 2 else 'post'}/{number}"


URLS = [_url(number) for number in range(5000)]
REFERRERS = [_referrer(number) for number in range(500)]
CAMPAIGNS = [f"cmp_{number:03d}" for number in range(200)]
VERSIONS = [f"{1 + number // 10}.{number % 10}.{number * 3 % 7}" for number in range(40)]

# Where a uniform number falls among cumulated shares.
SHARES = {
    "tier": [0.7, 0.88, 0.97],
    "device": [0.55, 0.9, 0.98],
    "browser": [0.5, 0.72, 0.8, 0.88, 0.93, 0.96, 0.98],
    "system": [0.35, 0.6, 0.8, 0.91, 0.95, 0.97, 0.985],
    "status": [0.86, 0.90, 0.92, 0.925, 0.945, 0.955, 0.96, 0.975, 0.98, 0.99, 0.995],
}
# The text properties that lead the JSON text, in its order: name and values.
PROPERTIES = [
    ("country", COUNTRIES), ("device_type", DEVICES), ("browser", BROWSERS), ("os", SYSTEMS), ("user_tier", TIERS),
    ("campaign_id", CAMPAIGNS), ("url", URLS), ("referrer", REFERRERS),
]


def zipf(count, exponent):
    """Cumulated shares of `count` ranks."""
    weights = 1.0 / np.arange(1, count + 1) ** exponent
    cumulated = np.cumsum(weights)
    return cumulated / cumulated[-1]


def draw(random, cumulated, count):
    found = np.searchsorted(cumulated, random.random(count))
    return np.minimum(found, len(cumulated) - 1).astype(np.int32)


def scramble(numbers, salt):
    """A fixed pseudo-random 64-bit number for each number."""
    mixed = (numbers.astype(np.uint64) + np.uint64(salt)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(32)
    return mixed


class Generator:
    """Yields blocks: dictionaries of equally long arrays, each a day's arrivals in order."""

    def __init__(self, rows, days=90, seed=20260701, resent=0.0):
        self.rows, self.days, self.seed, self.resent = rows, days, seed, resent
        self.users = max(rows // 20, 100)
        self.user_of_rank = np.random.default_rng([seed, 999]).permutation(self.users)
        self.by_rank = {
            "user": zipf(self.users, 0.7), "event": zipf(len(EVENT_NAMES), 1.1), "country": zipf(len(COUNTRIES), 1.0),
            "url": zipf(len(URLS), 0.9), "referrer": zipf(len(REFERRERS), 1.0), "campaign": zipf(len(CAMPAIGNS), 0.8),
        }
        by_hour = 1 + 0.75 * np.sin((np.arange(24) - 9) / 24 * 2 * np.pi)
        self.hours = np.cumsum(by_hour) / by_hour.sum()
        by_day = np.array([1.0 if day % 7 < 5 else 0.7 for day in range(days)])
        self.share_of_day = by_day / by_day.sum()

    def _sessions(self, random, day, count):
        """What is drawn once a session. The order of the draws is part of the format."""
        hour = np.searchsorted(self.hours, random.random(count))
        within = (random.random(count) * 3600 * SECOND).astype(np.int64)
        start = END - (self.days - day) * DAY + hour * HOUR + within
        rank = np.where(
            random.random(count) < 0.5, draw(random, self.by_rank["user"], count),
            random.integers(0, self.users, count))
        return start, self.user_of_rank[rank].astype(np.int64)

    def _day(self, day, events, single=False):
        """One day's events, in no order. `single` makes sessions of one event, to fill up the last day."""
        random = np.random.default_rng([self.seed, day, int(single)])
        sessions = events if single else max(int(events / 5), 1)
        start, user = self._sessions(random, day, sessions)
        length = np.ones(sessions, np.int64) if single else random.geometric(0.2, sessions)
        count = int(length.sum())
        session = np.repeat(np.arange(sessions), length)
        first = np.cumsum(length) - length

        gaps = (random.exponential(45.0, count) * SECOND).astype(np.int64)
        gaps[first] = 0
        elapsed = np.cumsum(gaps)
        time = start[session] + elapsed - elapsed[first][session]
        late = random.random(count)
        arrival = time + np.where(late < 0.01, random.exponential(30.0, count) * SECOND, 0).astype(np.int64)
        arrival = arrival + np.where(late > 0.9995, random.random(count) * 7200 * SECOND, 0).astype(np.int64)

        event = draw(random, self.by_rank["event"], count)
        event[first] = np.where(random.random(sessions) < 0.6, 0, event[first])
        of_user = scramble(user, 7)
        high, low = (of_user >> np.uint64(40)) / float(1 << 24), (of_user & np.uint64(0xFFFFFF)) / float(1 << 24)
        country = np.minimum(np.searchsorted(self.by_rank["country"], high), len(COUNTRIES) - 1)
        tier = np.searchsorted(SHARES["tier"], low)
        device = np.searchsorted(SHARES["device"], random.random(sessions))
        browser = np.searchsorted(SHARES["browser"], random.random(sessions))
        system = np.searchsorted(SHARES["system"], random.random(sessions))
        without = random.random(sessions) < 0.3
        campaign = np.where(without, -1, draw(random, self.by_rank["campaign"], sessions))
        without = random.random(sessions) < 0.5
        referrer = np.where(without, -1, draw(random, self.by_rank["referrer"], sessions))
        version = np.clip((day / self.days * 36 + random.normal(0, 2.0, sessions)).astype(np.int64), 0, 39)

        bought = event == EVENT_NAMES.index("purchase")
        cents = np.where(bought, np.clip(random.lognormal(8.0, 1.0, count), 99, 500000).astype(np.int64), -1)
        currency = (country[session] * 5 + (of_user[session] % np.uint64(3)).astype(np.int64)) % len(CURRENCIES)
        duration = np.clip(random.lognormal(5.0, 1.2, count), 1, 600000).astype(np.int64)
        called = event == EVENT_NAMES.index("api_call")
        status = np.where(called, np.searchsorted(SHARES["status"], random.random(count)), -1)
        session_key = scramble(user * 100003 + np.arange(sessions) + day * 1_000_003_000, 13)

        narrow = lambda codes: codes.astype(np.int32)
        block = {
            "time": time, "arrival": arrival, "event": event, "user": user[session], "session": session_key[session],
            "id": random.integers(0, 256, (count, 16), dtype=np.uint8),
            "country": narrow(country[session]), "device_type": narrow(device[session]),
            "browser": narrow(browser[session]), "os": narrow(system[session]), "user_tier": narrow(tier[session]),
            "campaign_id": narrow(campaign[session]), "url": draw(random, self.by_rank["url"], count),
            "referrer": narrow(referrer[session]), "cents": cents, "currency": narrow(np.where(bought, currency, -1)),
            "duration": narrow(duration), "status": narrow(status), "version": narrow(version[session]),
        }
        return self._with_resent(block, random, count) if self.resent else block

    def _with_resent(self, block, random, count):
        again = np.flatnonzero(random.random(count) < self.resent)
        copy = take(block, again)
        copy["arrival"] = copy["arrival"] + (random.exponential(60.0, len(again)) * SECOND).astype(np.int64)
        return join(block, copy)

    def _trimmed(self, block, day, so_far):
        """The last day cut or filled up to the number of rows asked for, in the order of arrival."""
        block = take(block, np.flatnonzero(block["time"] < END))
        needed = self.rows - so_far - len(block["time"])
        if needed > 0:
            more = self._day(day, needed, single=True)
            block = join(block, take(more, np.arange(needed)))
        if needed >= 0:
            return take(block, np.argsort(block["arrival"], kind="stable"))
        chosen = np.random.default_rng(self.seed).permutation(len(block["time"]))[:needed]
        kept = np.sort(chosen)
        return take(block, kept[np.argsort(block["arrival"][kept], kind="stable")])

    def blocks(self):
        waiting, so_far = None, 0
        for day in range(self.days):
            block = self._day(day, int(round(self.rows * self.share_of_day[day])))
            if waiting is not None:
                block = join(waiting, block)
            if day == self.days - 1:
                block = self._trimmed(block, day, so_far)
            else:
                arrived = block["arrival"] < END - (self.days - day - 1) * DAY
                waiting = take(block, np.flatnonzero(~arrived))
                block = take(block, np.flatnonzero(arrived))
                block = take(block, np.argsort(block["arrival"], kind="stable"))
            so_far += len(block["time"])
            yield block


def take(block, rows):
    return {name: column[rows] for name, column in block.items()}


def join(a, b):
    return {name: np.concatenate([a[name], b[name]]) for name in a}


# Text columns of a fixed width are built as byte matrices.
HEX = np.array([[ord(digit) for digit in f"{byte:02x}"] for byte in range(256)], dtype=np.uint8)


def matrix_to_text(matrix):
    rows, width = matrix.shape
    offsets = (np.arange(rows + 1, dtype=np.int64) * width).astype(np.int32)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(matrix)))


def hexadecimal(matrix):
    return HEX[matrix].reshape(matrix.shape[0], -1)


def uuid_text(identifiers):
    """Version 4 UUIDs from 16 random bytes each."""
    identifiers = identifiers.copy()
    identifiers[:, 6] = (identifiers[:, 6] & 0x0F) | 0x40
    identifiers[:, 8] = (identifiers[:, 8] & 0x3F) | 0x80
    digits = hexadecimal(identifiers)
    text = np.full((len(identifiers), 36), ord("-"), dtype=np.uint8)
    at = source = 0
    for width in (8, 4, 4, 4, 12):
        text[:, at:at + width] = digits[:, source:source + width]
        at, source = at + width + 1, source + width
    return matrix_to_text(text)


def user_text(users):
    text = np.empty((len(users), 9), dtype=np.uint8)
    text[:, 0], text[:, 1] = ord("u"), ord("_")
    rest = users.astype(np.int64)
    for place in range(8, 1, -1):
        text[:, place] = ord("0") + rest % 10
        rest = rest // 10
    return matrix_to_text(text)


def session_text(keys):
    text = np.empty((len(keys), 18), np.uint8)
    text[:, 0], text[:, 1] = ord("s"), ord("_")
    text[:, 2:] = hexadecimal(keys.astype(">u8").view(np.uint8).reshape(-1, 8))
    return matrix_to_text(text)


def dictionary(codes, values):
    absent = codes < 0
    indices = pa.array(codes.astype(np.int16), mask=absent if absent.any() else None)
    return pa.DictionaryArray.from_arrays(indices, pa.array(values))


def common_columns(block):
    return {
        "time": pa.array(block["time"]).cast(pa.timestamp("us", tz="UTC")),
        "event": dictionary(block["event"], EVENT_NAMES), "user_id": user_text(block["user"]),
        "session_id": session_text(block["session"]), "event_id": uuid_text(block["id"]),
    }


def flat_table(block):
    columns = common_columns(block)
    for name, values in PROPERTIES:
        columns[name] = dictionary(block[name], values)
    columns["price"] = pa.array(block["cents"] / 100.0, mask=block["cents"] < 0)
    columns["currency"] = dictionary(block["currency"], CURRENCIES)
    columns["duration_ms"] = pa.array(block["duration"])
    codes = np.array(STATUS_CODES, np.int32)[np.maximum(block["status"], 0)]
    columns["status_code"] = pa.array(codes, mask=block["status"] < 0)
    columns["app_version"] = dictionary(block["version"], VERSIONS)
    return pa.table(columns)


def member(name, codes, values, quote='"'):
    """A JSON member per row, with its comma; nothing where the code is -1."""
    rendered = pa.array([""] + [f'"{name}":{quote}{value}{quote},' for value in values])
    return rendered.take(pa.array(codes.astype(np.int32) + 1))


def price_members(cents):
    members = np.full(len(cents), "", dtype=object)
    for row in np.flatnonzero(cents >= 0):
        whole, hundredths = divmod(int(cents[row]), 100)
        members[row] = f'"price":{whole}.{hundredths:02d},'
    return pa.array(members, pa.string())


def properties_text(block):
    pieces = ["{"] + [member(name, block[name], values) for name, values in PROPERTIES]
    pieces += [
        price_members(block["cents"]), member("currency", block["currency"], CURRENCIES),
        member("status_code", block["status"], STATUS_CODES, ""), member("app_version", block["version"], VERSIONS),
        '"duration_ms":', pa.array(block["duration"]).cast(pa.string()), "}",
    ]
    return pc.binary_join_element_wise(*pieces, "")


def json_table(block):
    return pa.table(common_columns(block) | {"properties": properties_text(block)})


def ndjson(block):
    """The bytes of a block's lines."""
    columns = common_columns(block)
    time = pc.replace_substring(columns["time"].cast(pa.string()), " ", "T")
    lines = pc.binary_join_element_wise(
        '{"time":"', time, '","event":"', columns["event"].cast(pa.string()), '","user_id":"', columns["user_id"],
        '","session_id":"', columns["session_id"], '","event_id":"', columns["event_id"], '","properties":',
        properties_text(block), "}\n", "")
    _, offsets, data = lines.buffers()
    ends = np.frombuffer(offsets, np.int32)
    return memoryview(data)[ends[0]:ends[len(lines)]]


class Output:
    """One file of a format. Tables are gathered into row groups of one size."""

    def __init__(self, kind, directory):
        names = {"flat": "events_flat.parquet", "json": "events_json.parquet", "ndjson": "events.ndjson",
                 "csv": "events.csv"}
        self.kind, self.path = kind, directory / names[kind]
        self.writer, self.tables = None, []

    def add(self, block):
        if self.kind == "ndjson":
            self.writer = self.writer or open(self.path, "wb")
            self.writer.write(ndjson(block))
            return
        self.tables.append(flat_table(block) if self.kind == "flat" else json_table(block))
        if sum(table.num_rows for table in self.tables) >= ROWS_PER_ROW_GROUP:
            self._write()

    def _write(self):
        table = pa.concat_tables(self.tables).unify_dictionaries().combine_chunks()
        self.tables = []
        if self.kind == "csv":
            plain = [(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in table.schema]
            table = table.cast(pa.schema(plain))
            self.writer = self.writer or pacsv.CSVWriter(str(self.path), table.schema)
            self.writer.write_table(table)
        else:
            self.writer = self.writer or pq.ParquetWriter(str(self.path), table.schema, compression="zstd")
            self.writer.write_table(table, row_group_size=ROWS_PER_ROW_GROUP)

    def close(self):
        if self.tables:
            self._write()
        if self.writer:
            self.writer.close()


def rows_argument(text):
    """10M, 200k or a plain number."""
    scale = {"k": 1_000, "m": 1_000_000}.get(text[-1].lower())
    return int(text[:-1]) * scale if scale else int(text)


def generate(directory, rows, formats, days=90, seed=20260701, resent=0.0):
    """Writes the files and returns what meta.json says."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    generator = Generator(rows, days, seed, resent)
    outputs = [Output(kind, directory) for kind in formats]
    total, needle = 0, None
    for block in generator.blocks():
        total += len(block["time"])
        for output in outputs:
            output.add(block)
        if needle is None and total > rows // 2:
            needle = str(uuid_text(block["id"][:1])[0])
    for output in outputs:
        output.close()
    user = int(generator.user_of_rank[1000 % generator.users])
    meta = {
        "rows": total, "days": days, "seed": seed, "dup": resent, "users": generator.users,
        "t_end": "2026-07-01 00:00:00+00", "needle_user": f"u_{user:07d}", "needle_event_id": needle,
    }
    (directory / "meta.json").write_text(json.dumps(meta, indent=1))
    return meta


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="1M", type=rows_argument)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--seed", type=int, default=20260701)
    parser.add_argument("--resent", type=float, default=0.0, help="share of events sent twice, with the same event_id")
    parser.add_argument("--format", default="flat")
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    print(json.dumps(generate(
        options.out, options.rows, options.format.split(","), options.days, options.seed, options.resent)))


if __name__ == "__main__":
    main()
