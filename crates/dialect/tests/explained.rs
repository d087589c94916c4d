//! Every code is explained, and its two documents are what they claim to be.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;

use downbeat_dialect::{Code, parse};

#[test]
fn every_wrong_document_breaks_its_rule_and_no_other() {
    for code in Code::ALL {
        let explanation = code.explanation();
        let found: BTreeSet<Code> = explanation.diagnostics().iter().map(|found| found.code).collect();
        let rendered: Vec<String> =
            explanation.diagnostics().iter().map(|found| found.render("pipeline.yml", explanation.wrong)).collect();
        assert_eq!(found, BTreeSet::from([*code]), "{code}:\n{}", rendered.join("\n"));
    }
}

#[test]
fn every_corrected_document_is_accepted_without_advice() {
    for code in Code::ALL {
        let corrected = code.explanation().corrected;
        let parsed = parse(corrected);
        let shown: Vec<String> =
            parsed.diagnostics.iter().map(|found| found.render("pipeline.yml", corrected)).collect();
        assert!(shown.is_empty() && parsed.pipeline.is_some(), "{code}:\n{}", shown.join("\n"));
    }
}
