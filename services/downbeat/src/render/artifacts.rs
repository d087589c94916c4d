//! Files that a task left.

use downbeat_proto::metadata::v1::TaskArtifact;

use super::table;

/// A line for each, with its size in bytes.
pub fn artifacts(files: &[TaskArtifact]) -> String {
    let rows: Vec<Vec<String>> = files.iter().map(|file| vec![file.size.to_string(), file.name.clone()]).collect();
    let mut text = table::lines(&["BYTES", "NAME"], &rows, None, &[]).join("\n");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_has_a_line() {
        let file = |name: &str, size| TaskArtifact { name: name.to_owned(), size };
        assert_eq!(
            artifacts(&[file("a b.csv", 7), file("manifest.json", 12_345)]),
            "BYTES  NAME\n7      a b.csv\n12345  manifest.json\n"
        );
    }
}
