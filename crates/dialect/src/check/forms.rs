//! Texts whose form a type cannot say.

use crate::{catalogue::Form, expression::Template};

pub(super) fn fits(form: Form, text: &str) -> bool {
    match form {
        Form::PipelineId => text == "*" || is_uuid4(text),
        Form::PythonCommand => is_python_command(text),
        Form::DbtCommands => is_dbt_commands(text),
    }
}

pub(super) fn description(form: Form) -> Option<String> {
    (form == Form::PipelineId).then(|| "it is the id of a pipeline (UUID version 4) or `*`".to_owned())
}

fn is_uuid4(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let [8, 4, 4, 4, 12] = *groups.iter().map(|group| group.len()).collect::<Vec<_>>() else { return false };
    let hexadecimal = groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()));
    hexadecimal && groups[2].starts_with('4') && groups[3].starts_with(['8', '9', 'a', 'b', 'A', 'B'])
}

fn is_python_command(text: &str) -> bool {
    let mut words = text.split_whitespace();
    matches!(words.next(), Some("python" | "poetry" | "uv")) && words.next().is_some()
}

/// Segments joined by `;`, `&&` or `||`, each `dbt ...` or one template. Operators inside templates do not separate.
fn is_dbt_commands(text: &str) -> bool {
    let (mut plain, mut end) = (String::new(), 0);
    for range in crate::expression::expression_ranges(text) {
        plain.push_str(&text[end..range.start - 3]);
        // A template as a word of its own, so that it can be told from text around it.
        plain.push('\u{0}');
        end = range.end + 2;
    }
    plain.push_str(&text[end..]);
    let separated = plain.replace("&&", ";").replace("||", ";");
    let mut segments: Vec<&str> = separated.split(';').map(str::trim).collect();
    if segments.len() > 1 && segments.last() == Some(&"") {
        segments.pop();
    }
    segments.iter().all(|segment| {
        let command = segment.strip_prefix("dbt").is_some_and(|rest| rest.starts_with(char::is_whitespace));
        (*segment == "\u{0}")
            || (command && !segment.contains(['&', '|']) && segment.split_whitespace().nth(1).is_some())
    })
}

/// Whether a text has templates, so that its value is not known yet.
pub(super) fn is_open(text: &str) -> bool {
    Template::parse(text).map_or(true, |template| !template.is_literal())
}

#[cfg(test)]
mod tests {
    use super::{Form, fits};

    #[test]
    fn forms_take_what_the_reference_says() {
        for (form, text, expected) in [
            (Form::PipelineId, "*", true),
            (Form::PipelineId, "7c9e6679-7425-40de-944b-e07fc1f90ae7", true),
            (Form::PipelineId, "7c9e6679-7425-10de-944b-e07fc1f90ae7", false),
            (Form::PipelineId, "daily", false),
            (Form::PythonCommand, "python load.py", true),
            (Form::PythonCommand, "  uv run x", true),
            (Form::PythonCommand, "python", false),
            (Form::PythonCommand, "bash x.sh", false),
            (Form::DbtCommands, "dbt build", true),
            (Form::DbtCommands, "dbt deps; dbt build --select a+ && dbt test;", true),
            (Form::DbtCommands, "${{ inputs.command }}", true),
            (Form::DbtCommands, "dbt build --vars ${{ inputs.a or 'x|y' }}", true),
            (Form::DbtCommands, "dbt", false),
            (Form::DbtCommands, "dbt build | tee log", false),
            (Form::DbtCommands, "rm -rf / ; dbt build", false),
            (Form::DbtCommands, "", false),
        ] {
            assert_eq!(fits(form, text), expected, "{form:?} {text}");
        }
    }
}
