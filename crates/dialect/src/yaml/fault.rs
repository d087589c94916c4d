//! What the parser says about broken YAML, in words that tell a person what to do. Knows nothing about pipelines.

/// The message for a fault of the parser, and help; the fault is at the byte `at` of its `line`.
pub(super) fn explain(said: &str, line: &str, at: usize) -> (String, Option<String>) {
    if in_bare_template(line, at) {
        let message = "the braces of this template are read as YAML".to_owned();
        let help = "inside `{ }` and `[ ]` a template needs quotes: \"${{ ... }}\"";
        return (message, Some(help.to_owned()));
    }
    let (message, help) = match said {
        _ if said.contains("mapping values are not allowed") => {
            ("a `: ` inside a text without quotes", "put the text in quotes, or break the line before the key")
        }
        _ if said.contains("tabs disallowed") => ("a tab as indentation", "indent with spaces"),
        _ if said.contains("did not find expected ',' or '}'") => (
            "a `,` or the closing `}` of the map is missing",
            "texts with `{`, `}`, `,` or `: ` inside braces need quotes",
        ),
        _ if said.contains("did not find expected ',' or ']'") => (
            "a `,` or the closing `]` of the list is missing",
            "texts with `[`, `]` or `,` inside brackets need quotes",
        ),
        _ => return (said.to_owned(), None),
    };
    (message.to_owned(), Some(help.to_owned()))
}

/// Whether the fault is in a template, or right after its `$`, that stands inside brackets and outside quotes.
fn in_bare_template(line: &str, at: usize) -> bool {
    let near = line.char_indices().map(|(byte, _)| byte).take_while(|byte| *byte <= at).last().unwrap_or(0);
    let end = line.len().min(near + 3);
    let Some(opening) = line.get(..end).and_then(|before| before.rfind("${{")) else { return false };
    let before = &line[..opening];
    let open = |quote: char| before.matches(quote).count() % 2 == 1;
    let over = line.get(opening..near).is_some_and(|template| template.contains("}}"));
    before.contains(['{', '[']) && !over && !open('"') && !open('\'')
}

#[cfg(test)]
mod tests {
    use super::explain;

    #[test]
    fn templates_without_quotes_are_recognised() {
        for (line, at, recognised) in [
            ("  parameters: {commands: dbt run --select ${{ inputs.x }}}", 43, true),
            ("  parameters: {a: ${{ ENV.X }}}", 20, true),
            ("  - [${{ ENV.X }}, b", 7, true),
            ("  parameters: {a: b", 10, false),
            ("  parameters: {a: \"${{ x", 22, false),
            ("  a: ${{ x", 7, false),
            ("é ${", 1, false),
        ] {
            let (message, _) = explain("something", line, at);
            assert_eq!(message != "something", recognised, "{line}: {message}");
        }
    }
}
