//! Random inputs: nothing panics, answers are stable, places lie inside the text.
#![allow(clippy::unwrap_used, missing_docs)]

use downbeat_dialect::{
    cron::{Cron, Dst},
    expression::{Expression, Template},
    parse,
};
use jiff::{Timestamp, tz::TimeZoneDatabase};
use proptest::prelude::*;

const FULL: &str = include_str!("data/full.yml");

fn check(source: &str) {
    let parsed = parse(source);
    assert_eq!(parsed, parse(source));
    for found in &parsed.diagnostics {
        assert!(found.span.start <= found.span.end && found.span.end <= source.len(), "{found:?}");
        assert!(!found.render("f", source).is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_answered(source in "\\PC{0,200}") {
        check(&source);
    }

    #[test]
    fn yaml_like_text_is_answered(source in "[a-c:\\-\\[\\]{}&*!|>'\"%#,? \n\t\r~<0-9${}]{0,120}") {
        check(&source);
    }

    #[test]
    fn a_mutated_pipeline_is_answered(at in 0..FULL.len(), length in 0..40usize, insert in "[a-z:\\-\\[\\]{}'\"$ \n|&*é]{0,6}") {
        let floor = |mut at: usize| { while !FULL.is_char_boundary(at) { at -= 1; } at };
        let (start, end) = (floor(at), floor((at + length).min(FULL.len())));
        check(&format!("{}{insert}{}", &FULL[..start], &FULL[end..]));
    }

    #[test]
    fn any_expression_is_answered(text in "\\PC{0,80}") {
        if let Ok(expression) = Expression::parse(&text) {
            let _ = expression.evaluate(&());
        }
        if let Ok(template) = Template::parse(&text) {
            let _ = template.render(&());
        }
    }

    #[test]
    fn expression_like_text_is_answered(
        words in prop::collection::vec(prop::sample::select(vec![
            "1", "0", "-", "2.5", "'a'", "True", "None", "(", ")", "[", "]", "{", "}", ":", ",", "+", "*", "**", "/", "//", "%",
            "|", "&", "==", "<", "in", "not", "is", "and", "or", ".", "outputs", "len", "int", "str", "add_days", "9223372036854775807",
            "task_groups['g']", ".all()", ".status", "'2024-01-01'", "inputs.x",
        ]), 0..24),
    ) {
        let text = words.join(" ");
        if let Ok(expression) = Expression::parse(&text) {
            let _ = expression.evaluate(&());
            prop_assert!(expression.located_references().iter().all(|(_, range)| range.end <= text.len()));
        }
    }

    #[test]
    fn firings_never_run_backwards(
        fields in (
            prop::sample::select(vec!["*", "0", "30", "*/7", "0,59", "0/15", "15-45"]),
            prop::sample::select(vec!["*", "0", "2", "1-3", "*/5", "0/12", "22-2"]),
            prop::sample::select(vec!["* * ?", "? * 1", "L * ?", "15W * ?", "? * 6L", "? * 2#5", "29 2 ?", "31 2 ?", "? 3,10-11 *"]),
            prop::sample::select(vec!["*", "2026", "1999-2030/3"]),
        ),
        zone in prop::sample::select(vec!["UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Europe/Dublin"]),
        second in -3_000_000_000_i64..8_000_000_000,
    ) {
        let text = format!("{} {} {} {}", fields.0, fields.1, fields.2, fields.3);
        let cron = Cron::parse(&text).unwrap();
        let zone = TimeZoneDatabase::bundled().get(zone).unwrap();
        let mut after = Timestamp::from_second(second).unwrap();
        for _ in 0..20 {
            let Some(next) = cron.next_after(after, &zone, Dst::Vixie) else { break };
            prop_assert!(next > after, "{text}: {next} after {after}");
            after = next;
        }
    }

    #[test]
    fn any_cron_text_is_answered(text in "[0-9*?/#LW,\\-A-Z ]{0,40}") {
        if let Ok(cron) = Cron::parse(&text) {
            prop_assert_eq!(Cron::parse(&cron.to_string()).unwrap(), cron);
        }
    }
}
