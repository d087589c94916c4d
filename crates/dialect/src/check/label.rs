//! What a message calls the thing that it is about. Nothing is written before a message is.

use std::fmt;

/// A name for a value of the document.
#[derive(Debug, Clone, Copy)]
pub(super) enum Label<'a> {
    /// As it is.
    Plain(&'a str),
    /// The value of a key.
    Key(&'a str),
    /// The value of a key of something.
    KeyOf(&'a str, &'a Label<'a>),
    /// An item of a list.
    ItemOf(&'a Label<'a>),
    Task(&'a str),
    Group(&'a str),
    ParametersOfTask(&'a str),
    ParametersOfCheck(&'a str),
}

impl fmt::Display for Label<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Label::Plain(text) => formatter.write_str(text),
            Label::Key(key) => write!(formatter, "`{key}`"),
            Label::KeyOf(key, owner) => write!(formatter, "`{key}` in {owner}"),
            Label::ItemOf(list) => write!(formatter, "an item of {list}"),
            Label::Task(id) => write!(formatter, "task `{id}`"),
            Label::Group(id) => write!(formatter, "task group `{id}`"),
            Label::ParametersOfTask(id) => write!(formatter, "the parameters of task `{id}`"),
            Label::ParametersOfCheck(id) => write!(formatter, "the parameters of check `{id}`"),
        }
    }
}
