//! Cron expressions: what is taken, what is refused and with which help, and a second opinion on what fires when.
#![allow(clippy::unwrap_used, missing_docs)]

use std::str::FromStr;

use downbeat_dialect::cron::{Cron, Dst};
use jiff::{Timestamp, tz::TimeZoneDatabase};

fn firings(text: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
    let zone = TimeZoneDatabase::bundled().get(zone).unwrap();
    let cron = Cron::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let mut after: Timestamp = after.parse().unwrap();
    let mut found = Vec::new();
    while let Some(next) = (found.len() < count).then(|| cron.next_after(after, &zone, Dst::Vixie)).flatten() {
        found.push(next.strftime("%m-%d %H:%M").to_string());
        after = next;
    }
    found
}

#[test]
fn the_forms_of_the_reference_fire_as_described() {
    for (text, expected) in [
        ("0 8 ? * * *", ["01-01 08:00", "01-02 08:00", "01-03 08:00"]),
        ("0 8 * * ? *", ["01-01 08:00", "01-02 08:00", "01-03 08:00"]),
        ("0/20  8 1 jan ?\t*", ["01-01 08:00", "01-01 08:20", "01-01 08:40"]),
        ("05 08 L * ? *", ["01-31 08:05", "02-28 08:05", "03-31 08:05"]),
        ("0 0 15W * ? *", ["01-15 00:00", "02-16 00:00", "03-16 00:00"]),
        ("0 0 1W * ? 2026", ["02-02 00:00", "03-02 00:00", "04-01 00:00"]),
        ("0 0 ? * 6L *", ["01-30 00:00", "02-27 00:00", "03-27 00:00"]),
        ("0 0 ? * FRI#3 *", ["01-16 00:00", "02-20 00:00", "03-20 00:00"]),
        ("0 0 ? * L *", ["01-03 00:00", "01-10 00:00", "01-17 00:00"]),
        ("0 0 ? * FRI-MON *", ["01-02 00:00", "01-03 00:00", "01-04 00:00"]),
        ("0 22-2 1,31 JAN ? *", ["01-01 01:00", "01-01 02:00", "01-01 22:00"]),
        ("30 0 ? DEC-JAN/1 5 *", ["01-01 00:30", "01-08 00:30", "01-15 00:30"]),
        ("0 0 1 */6 ? *", ["07-01 00:00", "01-01 00:00", "07-01 00:00"]),
        ("10-30/100 1 1 1 ? *", ["01-01 01:10", "01-01 01:10", "01-01 01:10"]),
    ] {
        assert_eq!(firings(text, "UTC", "2026-01-01T00:00:00Z", 3), expected, "{text}");
    }
}

#[test]
fn never_is_answered_in_bounded_time() {
    for text in ["0 0 30 2 ? *", "* * 31 2,4,6 ? *", "0 0 1 1 ? 1970"] {
        assert_eq!(firings(text, "America/New_York", "2026-01-01T00:00:00Z", 3), Vec::<String>::new(), "{text}");
    }
    assert!(!Cron::parse("0 0 30 2 ? *").unwrap().can_fire());
    let zone = TimeZoneDatabase::bundled().get("America/New_York").unwrap();
    let cron = Cron::parse("* * * * ? *").unwrap();
    for instant in [Timestamp::MIN, Timestamp::MAX] {
        let next = cron.next_after(instant, &zone, Dst::Vixie);
        assert!(next.is_none_or(|next| next > instant), "{instant}");
    }
}

#[test]
fn what_is_no_expression_is_refused_with_its_place_and_help() {
    for (text, place, message, help) in [
        ("", 0..0, "the cron expression is empty", Some("write `minute hour day-of-month month day-of-week year`")),
        ("0 1 * * * *", 4..9, "one of day-of-month and day-of-week must be `?`", Some("write `0 1 * * ? *`")),
        ("0 1 * * MON *", 4..11, "one of day-of-month and day-of-week must be `?`", Some("write `0 1 ? * MON *`")),
        (
            "0 1 1 * MON *",
            4..11,
            "one of day-of-month and day-of-week must be `?`",
            Some("both cannot be restricted at once: use two schedules"),
        ),
        ("0 1 ? * ? *", 8..9, "only one of day-of-month and day-of-week is `?`: say which days with the other", None),
        ("60 1 ? * * *", 0..2, "`60` is no minute: expected 0 to 59", None),
        ("? 1 ? * * *", 0..1, "`?` cannot stand here: the minute takes 0 to 59", None),
        ("0 1 ? * 0 *", 8..9, "`0` is no day-of-week: expected 1 to 7 or SUN to SAT", None),
        ("0 1 ? JANUARY * *", 6..13, "`JANUARY` is no month: expected 1 to 12 or JAN to DEC", None),
        ("0 1 LW * ? *", 4..6, "`W` follows one day, as in `15W`", None),
        ("0 1 L-3 * ? *", 4..5, "`L` is no day-of-month: expected 1 to 31", None),
        ("0 1 ? * 2#6 *", 10..11, "`#` is followed by 1 to 5: which such weekday of the month", None),
        ("*/0 1 ? * * *", 2..3, "`0` is no step: expected 1 or more", None),
        ("1,,2 1 ? * * *", 2..2, "the minute is incomplete: expected 0 to 59", None),
        ("0 1 ? * * 1969", 10..14, "`1969` is no year: expected 1970 to 2199", None),
        ("-1 1 ? * * *", 0..0, "the minute is incomplete: expected 0 to 59", None),
    ] {
        let error = Cron::parse(text).unwrap_err();
        assert_eq!(
            (error.message.as_str(), error.span.clone(), error.help.as_deref()),
            (message, place, help),
            "{text}"
        );
    }
}

#[test]
fn pasted_forms_get_their_six_fields() {
    for (text, help) in [
        ("0 6 * * 1-5", "as a Unix expression this is `0 6 ? * 2-6 *` here (1 is Sunday)"),
        ("*/5 0 1 * *", "as a Unix expression this is `*/5 0 1 * ? *` here (1 is Sunday)"),
        ("0 0 * * 0,MON,7", "as a Unix expression this is `0 0 ? * 1,MON,1 *` here (1 is Sunday)"),
        ("0 0 13 * 5", "Unix cron fires when either day field matches: use two schedules here"),
        ("0 0 0 ? * * *", "seconds are not part of it: write `0 0 ? * * *`"),
        ("0 0 0 * * * *", "seconds are not part of it: leave the first field out"),
        ("rate(5 minutes)", "write `*/5 * * * ? *`"),
        ("rate(1 hour)", "write `0 */1 * * ? *`"),
        ("rate(1 day)", "write `0 0 * * ? *`"),
        ("@daily", "write `0 0 * * ? *`"),
        ("cron(0 8 ? * * *)", "write only what is inside the parentheses: `0 8 ? * * *`"),
    ] {
        let found = Cron::parse(text).unwrap_err().help;
        assert_eq!(found.as_deref(), Some(help), "{text}");
    }
}

/// The `cron` crate reads seconds first and has no `?`-rule; in zones without changes of the clock it is right.
#[test]
fn a_second_implementation_agrees_where_it_is_right() {
    let expressions = [
        "0 8 ? * * *",
        "*/7 3-9 ? * MON-FRI *",
        "5,35 */6 1,15 * ? *",
        "0 0 29 2 ? *",
        "59 23 31 * ? *",
        "0 12 ? 1-6/2 1 *",
    ];
    for zone in ["UTC", "Asia/Kolkata", "Asia/Tokyo", "America/Phoenix"] {
        let theirs_zone = chrono_tz::Tz::from_str(zone).unwrap();
        let ours_zone = TimeZoneDatabase::bundled().get(zone).unwrap();
        for text in expressions {
            let start: Timestamp = "2026-02-03T04:05:00Z".parse().unwrap();
            let theirs_start =
                chrono::DateTime::from_timestamp(start.as_second(), 0).unwrap().with_timezone(&theirs_zone);
            let theirs = cron::Schedule::from_str(&format!("0 {}", text.replace('?', "*"))).unwrap();
            let theirs: Vec<i64> = theirs.after(&theirs_start).take(50).map(|instant| instant.timestamp()).collect();
            let ours = Cron::parse(text).unwrap();
            let firings = std::iter::successors(ours.next_after(start, &ours_zone, Dst::Vixie), |last| {
                ours.next_after(*last, &ours_zone, Dst::Vixie)
            });
            let ours: Vec<i64> = firings.take(theirs.len()).map(Timestamp::as_second).collect();
            assert_eq!(ours, theirs, "{text} {zone}");
        }
    }
}

#[test]
fn firings_can_be_said_in_words() {
    for (text, expected) in [
        ("0 1 ? * * *", "at 01:00 every day"),
        ("30 7 ? * MON-FRI *", "at 07:30 on Monday to Friday"),
        ("30 7 ? * 2,3,4,5,6 *", "at 07:30 on Monday to Friday"),
        ("0 8,12 1,15 * ? *", "at 08:00 and 12:00 on days 1 and 15 of the month"),
        ("0 22 L * ? *", "at 22:00 on the last day of the month"),
        (
            "0 6 15W,1 JAN-MAR,JUL ? 2027",
            "at 06:00 on day 1 and the weekday nearest to day 15 of the month in January to March and July in 2027",
        ),
        ("0 8 ? * 6L *", "at 08:00 on the last Friday of the month"),
        ("0 8 ? * TUE#2 *", "at 08:00 on the second Tuesday of the month"),
        ("0 8 ? * L *", "at 08:00 on Saturday"),
        ("* * ? * * *", "every minute"),
        ("0 * ? * * *", "every hour"),
        ("20 * ? * * *", "at minute 20 of every hour"),
        ("*/15 * ? * * *", "every 15 minutes"),
        ("5/15 * ? * * *", "every 15 minutes from minute 5 of the hour"),
        ("0/15 8-17 ? * MON-FRI *", "every 15 minutes from 08:00 to 17:45 on Monday to Friday"),
        ("30 8-17 ? * * *", "every hour from 08:30 to 17:30 every day"),
        ("0 */2 ? * * *", "every 2 hours from 00:00 to 22:00 every day"),
        ("*/25 * ? * SAT,SUN *", "at the minutes 0, 25 and 50 on Saturday and Sunday"),
        ("0 1 ? * * 2026-2028,2030", "at 01:00 every day in 2026 to 2028 and 2030"),
        ("1-3,9 1-2,5,7,9 ? * * *", "at the minutes 1 to 3 and 9 in the hours 1, 2, 5, 7 and 9 every day"),
    ] {
        assert_eq!(Cron::parse(text).unwrap().describe(), expected, "{text}");
    }
    for (text, expected) in [
        ("@daily", "at 00:00 every day"),
        ("*/10 8-17 * * 1-5", "every 10 minutes from 08:00 to 17:50 on Monday to Friday"),
        ("0 0 1,15 * fri", "at 00:00 on days 1 and 15 of the month or on Friday"),
        ("0 0 */10 * 1", "at 00:00 on days 1, 11, 21 and 31 of the month if it is Monday"),
        ("0 0 1-31 * 1", "at 00:00 every day"),
    ] {
        assert_eq!(Cron::parse_unix(text).unwrap().describe(), expected, "{text}");
    }
    assert_eq!(Cron::parse("0 1 * * ? *").unwrap().describe_in("Europe/London"), "at 01:00 every day, Europe/London");
}

#[test]
fn unix_expressions_fire_as_vixie_cron_does() {
    for (text, expected) in [
        ("0 8 * * *", ["01-01 08:00", "01-02 08:00", "01-03 08:00"]),
        ("@weekly", ["01-04 00:00", "01-11 00:00", "01-18 00:00"]),
        ("@HOURLY", ["01-01 01:00", "01-01 02:00", "01-01 03:00"]),
        ("0 0 * * 7", ["01-04 00:00", "01-11 00:00", "01-18 00:00"]),
        ("0 0 * * sun,1", ["01-04 00:00", "01-05 00:00", "01-11 00:00"]),
        ("0 0 * * 5-7", ["01-02 00:00", "01-03 00:00", "01-04 00:00"]),
        // Both day fields restricted: either will do.
        ("0 0 13 * 5", ["01-02 00:00", "01-09 00:00", "01-13 00:00"]),
        // One of them with a star: both must hold.
        ("0 0 */2 * 5", ["01-09 00:00", "01-23 00:00", "02-13 00:00"]),
        ("0 0 13 * *", ["01-13 00:00", "02-13 00:00", "03-13 00:00"]),
        ("10-50/20 12 1 1,JUL *", ["01-01 12:10", "01-01 12:30", "01-01 12:50"]),
    ] {
        let zone = TimeZoneDatabase::bundled().get("UTC").unwrap();
        let cron = Cron::parse_unix(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let mut after: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let found = expected.map(|_| {
            after = cron.next_after(after, &zone, Dst::Vixie).unwrap();
            after.strftime("%m-%d %H:%M").to_string()
        });
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn texts_that_are_no_unix_expression_are_refused_at_their_place() {
    for (text, place, message) in [
        (
            "0 8 * *",
            0..7,
            "a Unix cron expression has five fields (minute hour day-of-month month day-of-week), found 4",
        ),
        (
            "0 8 ? * * *",
            0..11,
            "a Unix cron expression has five fields (minute hour day-of-month month day-of-week), found 6",
        ),
        (
            "@reboot",
            0..7,
            "a Unix cron expression has five fields (minute hour day-of-month month day-of-week), found 1",
        ),
        ("0 8 ? * 1", 4..5, "`?` cannot stand here: the day-of-month takes 1 to 31"),
        ("0 8 * * 8", 8..9, "`8` is no day-of-week: expected 0 to 7 or SUN to SAT"),
        ("0 24 * * *", 2..4, "`24` is no hour: expected 0 to 23"),
    ] {
        let error = Cron::parse_unix(text).unwrap_err();
        assert_eq!((error.span.clone(), error.message.as_str()), (place, message), "{text}");
    }
}
