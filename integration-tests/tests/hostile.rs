//! Documents made to exhaust a reader are answered, with at most 64 MiB of memory for data.

use std::{fmt::Write as _, path::Path, process::Command};

use downbeat_integration_tests::programs;

/// What the operating system lets the process have for its data, in KiB.
const DATA_KIB: usize = 64 * 1024;
const HEAD: &str = "version: v1\nname: demo\n";

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "{}", line(number));
        text
    })
}

fn task(more: &str) -> String {
    format!("{{integration: X, integration_job: Y, parameters: {{}}{more}}}")
}

/// Title, document, status.
fn documents() -> Vec<(&'static str, String, i32)> {
    let bomb = lines(10, |level| {
        let inner = vec![format!("*a{}", level.saturating_sub(1)); 9].join(", ");
        if level == 0 { "a0: &a0 [x, x]".to_owned() } else { format!("a{level}: &a{level} [{inner}]") }
    });
    vec![
        ("alias bomb", bomb, 1),
        (
            "many values",
            format!("{HEAD}pipeline:\n{}", lines(20_000, |at| format!("  t{at}: {{a: [x, y, z], b: {{c: 1}}}}"))),
            1,
        ),
        (
            "many anchors",
            format!("{HEAD}meta:\n{}pipeline: {{}}\n", lines(60_000, |at| format!("  a{at}: &a{at} 1"))),
            0,
        ),
        (
            "many templates",
            format!("{HEAD}meta: {{a: '{}'}}\npipeline: {{}}\n", "${{ tasks[\"z\"].status == 1 }} ".repeat(100_000)),
            1,
        ),
        ("many openings", format!("{HEAD}meta: {{a: '{}'}}\npipeline: {{}}\n", "${{ ".repeat(900_000)), 0),
        (
            "a long list in an expression",
            format!(
                "{HEAD}pipeline:\n{}",
                lines(60, |at| format!("  t{at}: {}", task(&format!(", condition: '[{}] == 1'", "1,".repeat(30_000)))))
            ),
            1,
        ),
        (
            "conditions, slips and a long chain",
            format!(
                "{HEAD}pipeline:\n{}",
                lines(15_000, |at| {
                    let (before, seen) = (at.saturating_sub(1), at / 2);
                    format!(
                        "  t{at}: {{integration: X, integration_job: PYTHON_EXECUTE_SCRIP{at}, parameters: {{}}, depends_on: [t{before}], condition: \"tasks['t{seen}'].status == 'x'\"}}"
                    )
                })
            ),
            1,
        ),
        ("one key again and again", format!("{HEAD}pipeline: {{}}\n{}", lines(100_000, |_| "k: 1".to_owned())), 1),
        ("a long scalar", format!("{HEAD}meta: {{a: \"{}\"}}\npipeline: {{}}\n", "x".repeat(4_000_000)), 0),
        (
            "dbt commands without end",
            format!(
                "{HEAD}pipeline: {{t: {{integration: DBT_CORE, integration_job: DBT_CORE_EXECUTE, parameters: {{commands: '{}|'}}}}}}\n",
                "dbt a; ".repeat(400_000)
            ),
            1,
        ),
        ("depth in brackets", "[".repeat(10_000), 1),
        ("depth in blocks", (0..10_000).map(|level| format!("{}a:\n", " ".repeat(level.min(300)))).collect(), 1),
        (
            "parentheses",
            format!(
                "{HEAD}pipeline: {{t: {}}}\n",
                task(&format!(", condition: '{}1{}'", "(".repeat(30_000), ")".repeat(30_000)))
            ),
            1,
        ),
        ("100 MB", "a".repeat(100_000_000), 1),
    ]
}

#[test]
fn hostile_documents_are_answered_within_64_mib() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (title, document, status) in documents() {
        let file = folder.path().join("hostile.yml");
        std::fs::write(&file, document).expect("the file can be written");
        let answered = limited(&file);
        let said = String::from_utf8_lossy(&answered.stderr);
        assert_eq!(answered.status.code(), Some(status), "{title}: {}", said.chars().take(300).collect::<String>());
    }
}

/// `downbeat validate` under a limit of the operating system.
fn limited(file: &Path) -> std::process::Output {
    let script = format!("ulimit -d {DATA_KIB} && exec \"$0\" validate \"$1\"");
    let mut command = Command::new("bash");
    command.arg("-c").arg(script).arg(programs().join("downbeat")).arg(file);
    command.output().expect("bash starts")
}
