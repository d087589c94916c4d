//! Every code is explained, and its two documents are what they claim to be.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;

use downbeat_dialect::{Code, Diagnostic, Explanation, Severity, limits::DIAGNOSTICS, parse};

fn rendered(diagnostics: &[Diagnostic], source: &str) -> String {
    diagnostics.iter().map(|found| found.render("pipeline.yml", source)).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_wrong_document_breaks_its_rule_and_no_other() {
    for code in Code::ALL {
        let Explanation { wrong, .. } = code.explanation();
        let found = code.explanation().diagnostics();
        let codes: BTreeSet<Code> = found.iter().map(|found| found.code).collect();
        let expected = match code {
            // It takes many other faults to reach the limit.
            Code::MoreFaults => BTreeSet::from([Code::WrongType, Code::MoreFaults]),
            _ => BTreeSet::from([*code]),
        };
        assert_eq!(codes, expected, "{code}:\n{}", rendered(&found, wrong));
        assert!(found.len() <= DIAGNOSTICS + 1, "{code}: {} findings", found.len());
    }
}

#[test]
fn every_corrected_document_is_accepted_without_advice() {
    for code in Code::ALL {
        let Explanation { corrected, .. } = code.explanation();
        let parsed = parse(corrected);
        assert!(
            parsed.pipeline.is_some() && parsed.diagnostics.is_empty(),
            "{code}:\n{}",
            rendered(&parsed.diagnostics, corrected)
        );
    }
}

#[test]
fn every_page_says_why_and_has_two_different_examples() {
    for code in Code::ALL {
        let Explanation { title, text, wrong, corrected, .. } = code.explanation();
        assert_eq!(title, code.title());
        let sentences = text.matches(". ").count() + text.matches(".\n").count() + 1;
        assert!(sentences >= 2 && text.ends_with('.'), "{code}: the rule and a reason, in sentences:\n{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{code}: lines fit a terminal");
        for example in [wrong, corrected] {
            assert!(example.starts_with("version: v1\n") && example.ends_with('\n'), "{code}:\n{example}");
            assert!(!example.contains("```") && !example.contains("## "), "{code}: the page has its four parts only");
        }
        assert_ne!(wrong, corrected, "{code}");
    }
}

#[test]
fn a_code_is_found_by_what_people_write() {
    for code in Code::ALL {
        let number = code.number();
        for written in [format!("DB{number}"), format!("db{number}"), number.to_string(), format!(" Db{number}\n")] {
            assert_eq!(Code::from_text(&written), Some(*code), "{written:?}");
        }
    }
    for written in ["", "DB", "DB999", "1", "DBDB1001", "DB01001", "DB1001x", "+1001", "１００１"] {
        assert_eq!(Code::from_text(written), None, "{written:?}");
    }
}

/// What an example shows, an explanation may call refused or advice.
#[test]
fn an_explanation_knows_whether_its_example_is_refused() {
    for code in Code::ALL {
        let explanation = code.explanation();
        let errors = explanation.diagnostics().iter().any(|found| found.severity == Severity::Error);
        assert_eq!(explanation.refuses(), errors, "{code}");
    }
}
