//! `downbeat explain`: what a code means, with an example that breaks the rule and the same one put right.

use std::process::ExitCode;

use downbeat_dialect::{Code, Explanation, Severity, report, suggest};

use crate::{
    cli::Explain,
    error::Error,
    render::{look, print},
};

/// What the example is called in its diagnostics.
const EXAMPLE: &str = "pipeline.yml";

pub(super) fn run(command: &Explain) -> Result<ExitCode, Error> {
    let text = match &command.code {
        Some(written) => page(&code(written)?.explanation()),
        None => list(),
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn code(written: &str) -> Result<Code, Error> {
    Code::from_text(written).ok_or_else(|| {
        let codes: Vec<String> = Code::ALL.iter().map(Code::to_string).collect();
        let folded = written.trim().to_uppercase();
        let wanted = if folded.starts_with("DB") { folded } else { format!("DB{folded}") };
        let nearest = suggest::nearest(&wanted, codes.iter().map(String::as_str));
        let help = nearest.map_or(String::new(), |nearest| format!("; did you mean {nearest}?"));
        Error::Usage(format!("there is no code `{written}`{help} (`downbeat explain` lists all codes)"))
    })
}

/// All codes, one a line.
fn list() -> String {
    let lines = Code::ALL.iter().map(|code| {
        let refuses = code.explanation().refuses();
        let severity = if refuses { Severity::Error } else { Severity::Warning };
        format!("{code}  {:7}  {}\n", severity.word(), code.title())
    });
    lines.collect()
}

fn page(explanation: &Explanation) -> String {
    let Explanation { code, title, text, wrong, corrected } = explanation;
    let look = look(&std::io::stdout());
    let found: Vec<String> = explanation
        .diagnostics()
        .iter()
        .filter(|found| found.code == *code)
        .take(1)
        .map(|found| report::diagnostic(found, EXAMPLE, wrong, look))
        .collect();
    let shown =
        if found.is_empty() { String::new() } else { format!("\nWhat is shown:\n\n{}\n", indented(&found.join("\n"))) };
    let heading = look.strong(&format!("{code}: {title}"));
    format!("{heading}\n\n{text}\n\nWrong:\n\n{}\n{shown}\nCorrected:\n\n{}\n", indented(wrong), indented(corrected))
}

fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| if line.is_empty() { String::new() } else { format!("    {line}") });
    lines.collect::<Vec<_>>().join("\n")
}
