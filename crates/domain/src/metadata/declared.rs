//! How the operation is called that reports what a task says it reads and writes: nobody else's tool made it, the task itself did.

const DECLARED: &str = "declared";

/// Its [`super::Operation::external_id`]; of several outputs each has its own, by its place among those that the task declares.
pub fn declared_id(output: Option<usize>) -> String {
    output.map_or_else(|| DECLARED.to_owned(), |place| format!("{DECLARED}:{}", place + 1))
}

/// Is it the id of such an operation?
pub fn is_declared(external_id: &str) -> bool {
    external_id.strip_prefix(DECLARED).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_what_is_declared_are_told_from_others() {
        assert_eq!((declared_id(None), declared_id(Some(1))), ("declared".to_owned(), "declared:2".to_owned()));
        for (id, expected) in [("declared", true), ("declared:7", true), ("declared_rows", false), ("model.a", false)] {
            assert_eq!(is_declared(id), expected, "{id}");
        }
    }
}
