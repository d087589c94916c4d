//! The first line of a seed file: its columns.

/// Names in the line, as they stand there. `None`: one is missing, stands twice, or the line is none of a table.
pub(super) fn header(line: &str, delimiter: char) -> Option<Vec<String>> {
    let line = line.trim_start_matches('\u{feff}');
    let mut names = Vec::new();
    let mut name = String::new();
    let (mut quoted, mut characters) = (false, line.chars().peekable());
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                name.push('"');
            }
            '"' => quoted = !quoted,
            '\n' | '\r' if !quoted => break,
            _ if character == delimiter && !quoted => names.push(std::mem::take(&mut name)),
            _ => name.push(character),
        }
    }
    names.push(name);
    let mut sorted: Vec<_> = names.iter().map(|name| name.to_lowercase()).collect();
    sorted.sort();
    let distinct = sorted.windows(2).all(|pair| pair[0] != pair[1]);
    (!quoted && distinct && names.iter().all(|name| !name.trim().is_empty())).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_seeds() {
        let cases: [(&str, char, Option<&[&str]>); 9] = [
            ("id,name\n1,a\n", ',', Some(&["id", "name"])),
            ("id;name\r\n1;a\r\n", ';', Some(&["id", "name"])),
            ("\u{feff}id", ',', Some(&["id"])),
            ("\"a, b\",\"say \"\"x\"\"\"\n", ',', Some(&["a, b", "say \"x\""])),
            ("\"two\nlines\",b\n", ',', Some(&["two\nlines", "b"])),
            ("id,,name\n", ',', None),
            ("id,ID\n", ',', None),
            ("\"open,b", ',', None),
            ("", ',', None),
        ];
        for (line, delimiter, expected) in cases {
            let expected = expected.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
            assert_eq!(header(line, delimiter), expected, "{line:?}");
        }
    }
}
