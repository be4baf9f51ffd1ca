"""The events of a made-up shop, the same for the same seed, and what is true of them: the answers to compare with."""
import collections
import json
import random
import time

DAYS = 88
COUNTRIES = ["DE", "US", "FR", "GB", "PL", "JP", "BR", "IN"]
WEIGHTS = [30, 25, 12, 10, 8, 6, 5, 4]
PAGES = ["/", "/pricing", "/docs", "/products/1", "/products/2", "/products/3", "/blog"]
STEPS = ["$pageview", "Product Added", "Order Completed"]
FUNNEL_SECONDS = 3600


class Shop:
    """Writes events as NDJSON and keeps count of them."""

    def __init__(self, events, seed=1, now=None):
        self.total = events
        self.random = random.Random(seed)
        # Whole hours, so that the last one is over.
        self.end = int(now or time.time()) // 3600 * 3600
        self.start = (self.end // 86400 - DAYS) * 86400
        self.by_event = collections.Counter()
        self.by_day = collections.Counter()
        self.people_of_country = collections.defaultdict(set)
        self.people_of_day = collections.defaultdict(set)
        self.cents = 0
        self.steps_of = collections.defaultdict(list)
        self.made = 0
        self.country_of = [self.random.choices(COUNTRIES, WEIGHTS)[0] for _ in range(max(100, events // 40))]

    def visit(self):
        """The events of one visit: (name, seconds, properties)."""
        rnd = self.random
        # More visits towards the end.
        at = self.start + int((self.end - self.start - 1) * rnd.random() ** 0.8)
        yield "$pageview", at, {"path": rnd.choice(PAGES)}
        for _ in range(rnd.randrange(6)):
            at += rnd.randrange(5, 240)
            yield "$pageview", at, {"path": rnd.choice(PAGES)}
        if rnd.random() < 0.25:
            for _ in range(rnd.randrange(1, 4)):
                at += rnd.randrange(5, 900)
                yield "Product Added", at, {"product": rnd.randrange(1, 400)}
            if rnd.random() < 0.4:
                at += rnd.randrange(20, 1800)
                yield "Order Completed", at, {"price": rnd.randrange(199, 29999)}

    def lines(self):
        """Every event as a JSON object."""
        while self.made < self.total:
            person = self.random.randrange(len(self.country_of))
            country = self.country_of[person]
            for name, at, properties in self.visit():
                if self.made == self.total:
                    return
                at = min(at, self.end - 1)
                yield self.event(name, at, person, country, properties)

    def event(self, name, at, person, country, properties):
        self.made += 1
        day = at // 86400
        self.by_event[name] += 1
        self.by_day[day] += 1
        self.people_of_country[country].add(person)
        self.people_of_day[day].add(person)
        self.steps_of[person].append((at, STEPS.index(name)))
        more = {"country": country, **properties}
        if "price" in more:
            self.cents += more["price"]
            price = more.pop("price")
            more["price"] = f"{price // 100}.{price % 100:02d}"
        return {"event": name, "time": at, "person": f"u{person}", "id": f"e{self.made}", "properties": more}

    @staticmethod
    def native(event):
        """An event as a line of NDJSON."""
        return json.dumps({
            "event": event["event"], "user_id": event["person"], "event_id": event["id"],
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(event["time"])),
            "properties": event["properties"]}, separators=(",", ":"))

    def funnel(self):
        """How many people reached each number of steps: the largest number, over every start, within an hour."""
        reached = collections.Counter()
        for events in self.steps_of.values():
            events.sort()
            best, latest = 0, [None] * len(STEPS)
            index = 0
            while index < len(events):
                end = index
                while end < len(events) and events[end][0] == events[index][0]:
                    end += 1
                for at, step in events[index:end]:
                    start = at if step == 0 else latest[step - 1]
                    if start is not None and at - start <= FUNNEL_SECONDS:
                        latest[step] = start
                        best = max(best, step + 1)
                index = end
            reached[best] += 1
        return reached
