"""Says when schedules fire around every change of every clock, 1990 to 2037, by walking minute by minute over zoneinfo's wall clock.

Shares neither code nor method with the crate. Prints lines of JSON: the version of the zone data; per zone {"names" (zones that share the
data), "changes" (seconds since the epoch)}; per change {"zone", "at", "cases": [[expression, policies]]}, where policies are vixie, shift,
skip and every, each a list of minutes relative to the change, later than FROM minutes before it and up to UNTIL minutes after it; one list
alone where all four are the same.
"""

import importlib.resources
import json
import sys
import zoneinfo
from datetime import datetime, timedelta

zoneinfo.reset_tzpath(to=[])  # only the package tzdata, whose version is pinned
import tzdata

EPOCH = datetime(1970, 1, 1)
DAY = 86_400
FIRST, LAST = 631_152_000, 2_145_916_800  # 1990-01-01, 2038-01-01
FROM, UNTIL = 180, 200
CORRECTION = 180
FIXED = ["30 1 * * *", "0,30 2 * * *", "15 0-4 * * *", "0 0 * * *", "59 23 * * *", "5-55/25 0-23 * * *", "*/20 * * * *", "30 */2 * * *"]


def values(field, low, high):
    found = set()
    for part in field.split(","):
        base, _, step = part.partition("/")
        first, _, last = base.partition("-")
        if base == "*":
            first, last = low, high
        found.update(range(int(first), int(last or first) + 1, int(step or 1)))
    return found


class Expression:
    def __init__(self, text):
        minute, hour, day, month, weekday = text.split()
        self.text = text
        self.wildcard = minute.startswith("*") or hour.startswith("*")
        hours = values(hour, 0, 23)
        self.times = {h * 60 + m for h in hours for m in values(minute, 0, 59)}
        self.free = (day, month, weekday) == ("*", "*", "*")
        self.days, self.months = values(day, 1, 31), values(month, 1, 12)
        self.weekdays = {number % 7 for number in values(weekday, 0, 7)}
        self.either = not day.startswith("*") and not weekday.startswith("*")

    def matches(self, wall):
        if wall % 1440 not in self.times:
            return False
        if self.free:
            return True
        date = EPOCH + timedelta(minutes=wall)
        in_month, in_week = date.day in self.days, date.isoweekday() % 7 in self.weekdays
        return date.month in self.months and ((in_month or in_week) if self.either else (in_month and in_week))


FIXED = [Expression(text) for text in FIXED]


def offset(zone, second):
    delta = datetime.fromtimestamp(second, zone).utcoffset()
    return delta.days * DAY + delta.seconds


def changes(zone):
    """Every second at which the offset changes. No two changes lie in one day of these years."""
    low, before = FIRST, offset(zone, FIRST)
    while low < LAST:
        high, after = low + DAY, offset(zone, low + DAY)
        if after != before:
            left, right = low, high
            while right - left > 1:
                middle = (left + right) // 2
                left, right = (middle, right) if offset(zone, middle) == before else (left, middle)
            yield right
            before = offset(zone, right)
            low = right
            continue
        low, before = high, after


class Window:
    """What the wall clock shows around a change, minute by minute: `at` is the instant 0."""

    def __init__(self, zone, at):
        before, after = offset(zone, at - 1), offset(zone, at)
        assert before % 60 == after % 60 == at % 60 == 0, (zone, at)
        size = abs(after - before) // 60
        self.shown = [(i, at // 60 + i + (before if i < 0 else after) // 60) for i in range(-FROM - size, UNTIL + 1)]
        self.again, self.lost, seen, last = set(), [], set(), self.shown[0][1] - 1
        for instant, wall in self.shown:
            if wall in seen:
                self.again.add(instant)
            self.lost += [(instant, number, wall - last - 1, instant + number - last - 1) for number in range(last + 1, wall)]
            seen.add(wall)
            last = wall

    def firings(self, expression):
        every = [instant for instant, wall in self.shown if expression.matches(wall)]
        if expression.wildcard:
            return [every]
        skip = [instant for instant in every if instant not in self.again]
        lost = [found for found in self.lost if expression.matches(found[1])]
        vixie = {end for end, _, gap, _ in lost if gap < CORRECTION}
        shift = {moved for _, _, _, moved in lost if moved <= UNTIL}
        return [sorted(vixie.union(skip)), sorted(shift.union(skip)), skip, every]


def near(zone, at):
    """Expressions that name the lost or repeated times themselves."""
    before, after = offset(zone, at - 1), offset(zone, at)
    middle = EPOCH + timedelta(seconds=at + (before + after) // 2)
    edge = EPOCH + timedelta(seconds=at + max(before, after))
    minute, hour = middle.minute, middle.hour
    return [
        f"{minute} {hour} * * *",
        f"{min(minute, 30)},{min(minute, 30) + 29} {min(hour, 22)}-{min(hour, 22) + 1} * * *",
        f"{edge.minute} {edge.hour} {edge.day} {edge.month} *",
        f"{minute} {hour} {middle.day} * {(middle.isoweekday() + 1) % 7}",
    ]


def main():
    print(json.dumps({"tzdata": tzdata.IANA_VERSION}))
    same = {}
    for name in sorted(zoneinfo.available_timezones()):
        data = importlib.resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()
        same.setdefault(data, []).append(name)
    for names in same.values():
        zone = zoneinfo.ZoneInfo(names[0])
        found = list(changes(zone))
        print(json.dumps({"names": names, "changes": found}))
        for at in found:
            window = Window(zone, at)
            cases = []
            for expression in FIXED + [Expression(text) for text in near(zone, at)]:
                policies = [[instant for instant in found if instant > -FROM] for found in window.firings(expression)]
                same_for_all = all(found == policies[0] for found in policies)
                cases.append([expression.text, policies[:1] if same_for_all else policies])
            print(json.dumps({"zone": names[0], "at": at, "cases": cases}, separators=(",", ":")))


if __name__ == "__main__":
    sys.exit(main())
