//! What could be saved, one finding after the other.

use downbeat_proto::metadata::v1::Saving;

use super::{clean, duration, money, short, table};

/// Findings with their figures and evidence; empty lines between them.
pub fn savings_lines(savings: &[Saving], columns: Option<usize>) -> Vec<String> {
    let mut lines = Vec::new();
    for saving in savings {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(format!("{}  {}", clean(&saving.rule), saved(saving)));
        let mut rows =
            vec![("what", saving.what.clone()), ("do", saving.advice.clone()), ("estimate", saving.estimate.clone())];
        let figures = saving.figures.iter().map(|it| format!("{} {}", it.name, figure(&it.value, &it.unit)));
        rows.push(("figures", figures.collect::<Vec<_>>().join("; ")));
        for it in &saving.evidence {
            let id = if it.kind == "RUN" { short(&it.id) } else { it.id.clone() };
            let record = if it.sequence == 0 { String::new() } else { format!(", record {}", it.sequence) };
            rows.push(("", format!("{} {id}: {}{record}", it.kind.to_lowercase(), it.note)));
        }
        let rows: Vec<_> = rows
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(name, text)| (vec![String::new(), name.to_owned()], clean(&text).to_string()))
            .collect();
        lines.extend(table::with_text(&rows, columns).into_iter().map(|line| format!("  {line}")));
    }
    lines
}

fn saved(saving: &Saving) -> String {
    match (saving.saved.as_str(), saving.saved_seconds) {
        ("", 0) => "no estimate".to_owned(),
        ("", seconds) => format!("{} in 30 days", time(seconds.saturating_mul(1_000_000))),
        (amount, _) => format!("{} {} in 30 days", money(amount), clean(&saving.currency)),
    }
}

fn time(micros: u64) -> String {
    duration(i64::try_from(micros).unwrap_or(i64::MAX))
}

fn figure(value: &str, unit: &str) -> String {
    if let Some(currency) = unit.strip_prefix("millionths of ") {
        return format!("{} {currency}", money(value));
    }
    match (unit, value.parse()) {
        ("microseconds", Ok(micros)) => time(micros),
        _ => format!("{value} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use downbeat_proto::metadata::v1::{SavingEvidence, SavingFigure};

    #[test]
    fn a_finding_says_what_it_rests_on_and_hostile_names_stay_harmless() {
        let figure = |name: &str, value: &str, unit: &str| SavingFigure {
            name: name.into(),
            value: value.into(),
            unit: unit.into(),
        };
        let saving = Saving {
            rule: "UNUSED_ASSET".into(),
            what: "db/\u{1b}[31mt costs".into(),
            currency: "EUR".into(),
            saved: "1500000".into(),
            estimate: "all of it".into(),
            figures: vec![figure("cost", "1500000", "millionths of EUR"), figure("ran", "61000000", "microseconds")],
            evidence: vec![SavingEvidence { kind: "ASSET".into(), id: "db/t".into(), sequence: 7, note: "it".into() }],
            ..Saving::default()
        };
        let time = Saving { saved_seconds: 3_600, ..Saving::default() };
        let lines = savings_lines(&[saving, time, Saving::default()], None);
        let text = lines.join("\n");
        assert_eq!(lines[0], "UNUSED_ASSET  1.50 EUR in 30 days");
        assert!(text.contains("cost 1.50 EUR; ran 1 min 01 s"), "{text}");
        assert!(text.contains("asset db/t: it, record 7"), "{text}");
        assert!(text.contains("1 h 00 min in 30 days") && text.contains("no estimate"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
