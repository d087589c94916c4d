//! Texts with holes: `{parameters.x}`, `{connection.y}`, `{token}`, `{job.id}`. How they are read, and what a hole may say.
//!
//! A hole is `{shape name|name|'text'?}`: the first name that has a value counts, a quoted text always has one; with `?` the whole
//! text is left out when none has, without it that is an error that names the first. `{{` and `}}` are braces. There is no logic.
//! How a filled text gets into a body, a path or a header is decided by `fill.rs`, which never pastes.

use serde::{Deserialize, Deserializer, de::Error as _};

/// A text with holes.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub(crate) pieces: Vec<Piece>,
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    Hole(Hole),
}

/// A place for a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hole {
    /// As it stands in the manifest, braces included.
    pub(crate) written: String,
    pub(crate) shape: Option<Shape>,
    pub(crate) names: Vec<Name>,
    pub(crate) optional: bool,
}

/// What is made of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A text that holds JSON becomes what it holds.
    Json,
    /// Anything becomes text; what is no text, its JSON.
    Text,
    /// A text with commas (or JSON) becomes a list.
    List,
    /// A list of one item becomes the item.
    One,
    /// A text of digits becomes a number.
    Number,
    /// `{"A": "b"}` becomes `[{"name": "A", "value": "b"}]`.
    Pairs,
    /// A resource name whose `/` stay when it becomes a part of a path.
    Path,
}

const SHAPES: [(&str, Shape); 7] = [
    ("json", Shape::Json),
    ("text", Shape::Text),
    ("list", Shape::List),
    ("one", Shape::One),
    ("number", Shape::Number),
    ("pairs", Shape::Pairs),
    ("path", Shape::Path),
];

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Name {
    /// A parameter of the task.
    Parameter(String),
    /// A field of the connection.
    Connection(String),
    /// What an answer was asked for (`capture`).
    Job(String),
    /// A word that a map of the manifest gives.
    Map(String),
    /// The attempt's token.
    Token,
    /// The token as a UUID, for systems that take only that.
    TokenUuid,
    /// What the task run is called as the parent of what it starts.
    Parent(Parent),
    /// A text.
    Literal(String),
}

/// A word of OpenLineage for the task run and the run around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parent {
    Namespace,
    Job,
    Run,
    RootJob,
    RootRun,
}

const PARENTS: [(&str, Parent); 5] = [
    ("parent.namespace", Parent::Namespace),
    ("parent.job", Parent::Job),
    ("parent.run", Parent::Run),
    ("parent.root_job", Parent::RootJob),
    ("parent.root_run", Parent::RootRun),
];

impl Name {
    fn read(text: &str) -> Result<Self, String> {
        if let Some(inner) = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            return Ok(Self::Literal(inner.to_owned()));
        }
        match text {
            "token" => return Ok(Self::Token),
            "token.uuid" => return Ok(Self::TokenUuid),
            _ => {}
        }
        if let Some((_, part)) = PARENTS.iter().find(|(name, _)| *name == text) {
            return Ok(Self::Parent(*part));
        }
        let wrong = || {
            let parents = PARENTS.map(|(name, _)| name).join(", ");
            format!(
                "{text:?} is no name; there are parameters.NAME, connection.NAME, job.NAME, maps.NAME, token, token.uuid, {parents}, 'text'"
            )
        };
        let (root, name) = text.split_once('.').ok_or_else(wrong)?;
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if name.is_empty() || !plain {
            return Err(wrong());
        }
        let name = name.to_owned();
        match root {
            "parameters" => Ok(Self::Parameter(name)),
            "connection" => Ok(Self::Connection(name)),
            "job" => Ok(Self::Job(name)),
            "maps" => Ok(Self::Map(name)),
            _ => Err(wrong()),
        }
    }

    /// For errors.
    pub(crate) fn said(&self) -> String {
        match self {
            Self::Parameter(name) => format!("the parameter {name}"),
            Self::Connection(name) => format!("the field {name} of the connection"),
            Self::Job(name) => format!("{name} of the job"),
            Self::Map(name) => format!("a word for {name}"),
            Self::Token | Self::TokenUuid => "the token".to_owned(),
            Self::Parent(_) => "what the task run is called".to_owned(),
            Self::Literal(text) => format!("{text:?}"),
        }
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// What is wrong with a hole of it.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let (brace, after) = rest[at..].split_at(1);
            if let Some(doubled) = after.strip_prefix(brace) {
                plain.push_str(brace);
                rest = doubled;
                continue;
            }
            let inner = (brace == "{").then(|| after.split_once('}')).flatten();
            let (inner, after) =
                inner.ok_or_else(|| format!("{text:?} has a single {brace:?}; write it twice for the brace itself"))?;
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Hole(hole(inner)?));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self { pieces })
    }

    /// The hole, if the text is nothing but one.
    pub(crate) fn lone_hole(&self) -> Option<&Hole> {
        match self.pieces.as_slice() {
            [Piece::Hole(hole)] => Some(hole),
            _ => None,
        }
    }

    /// All holes.
    pub(crate) fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Hole(hole) => Some(hole),
            Piece::Text(_) => None,
        })
    }
}

fn hole(inner: &str) -> Result<Hole, String> {
    let written = format!("{{{inner}}}");
    let body = inner.strip_suffix('?');
    let optional = body.is_some();
    let body = body.unwrap_or(inner).trim();
    // A quoted text may hold blanks, so only the first word can be a shape.
    let shaped = body.split_once(' ').filter(|(word, _)| word.bytes().all(|byte| byte.is_ascii_lowercase()));
    let (shape, names) = match shaped {
        Some((word, names)) => {
            let shape = SHAPES.iter().find(|(name, _)| *name == word).map(|(_, shape)| *shape);
            let known = SHAPES.map(|(name, _)| name).join(", ");
            (Some(shape.ok_or_else(|| format!("{written}: {word:?} is no shape; there are {known}"))?), names)
        }
        None => (None, body),
    };
    let names: Result<_, _> = names.split('|').map(|name| Name::read(name.trim())).collect();
    Ok(Hole { shape, names: names.map_err(|why| format!("{written}: {why}"))?, written, optional })
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A JSON value whose texts are templates.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// Numbers, booleans, null.
    Fixed(serde_json::Value),
    Text(Template),
    List(Vec<Body>),
    Object(Object),
}

/// An object of a body.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    /// `$when`: without a value for it, all of the object is left out.
    pub(crate) when: Option<Template>,
    /// `$spread`: an object whose entries come in where the template has none of that name, or a list of such objects, of which
    /// the later counts; alone in a list, a list.
    pub(crate) spread: Option<Box<Body>>,
    pub(crate) entries: Vec<(String, Body)>,
}

impl Body {
    fn read(value: serde_json::Value, depth: usize) -> Result<Self, String> {
        use serde_json::Value;
        if depth == 0 {
            let most = crate::limits::TEMPLATE_DEPTH_MAX;
            return Err(format!("a body may have {most} levels at most"));
        }
        Ok(match value {
            Value::String(text) => Self::Text(Template::read(&text)?),
            Value::Array(items) => {
                Self::List(items.into_iter().map(|item| Self::read(item, depth - 1)).collect::<Result<_, _>>()?)
            }
            Value::Object(entries) => {
                let mut object = Object { when: None, spread: None, entries: Vec::new() };
                for (key, value) in entries {
                    match (key.as_str(), value) {
                        ("$when", Value::String(text)) => object.when = Some(Template::read(&text)?),
                        ("$spread", value) => object.spread = Some(Box::new(Self::read(value, depth - 1)?)),
                        (special, _) if special.starts_with('$') => {
                            return Err(format!("{special}: there are $when (a text) and $spread"));
                        }
                        (_, value) => object.entries.push((key, Self::read(value, depth - 1)?)),
                    }
                }
                Self::Object(object)
            }
            fixed => Self::Fixed(fixed),
        })
    }

    /// All templates in it.
    pub(crate) fn templates(&self) -> Vec<&Template> {
        match self {
            Self::Fixed(_) => Vec::new(),
            Self::Text(template) => vec![template],
            Self::List(items) => items.iter().flat_map(Self::templates).collect(),
            Self::Object(object) => {
                let inner = object.spread.iter().flat_map(|body| body.templates());
                let entries = object.entries.iter().flat_map(|(_, value)| value.templates());
                object.when.iter().chain(inner).chain(entries).collect()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        Self::read(value, crate::limits::TEMPLATE_DEPTH_MAX).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_read() {
        let read = Template::read("/a/{parameters.x}{{b}}/{json parameters.y|connection.z|'none at all'?}").unwrap();
        let [Piece::Text(a), Piece::Hole(x), Piece::Text(b), Piece::Hole(y)] = read.pieces.as_slice() else {
            panic!("{read:?}")
        };
        assert_eq!((a.as_str(), b.as_str()), ("/a/", "{b}/"));
        assert_eq!((x.names.as_slice(), x.optional), ([Name::Parameter("x".to_owned())].as_slice(), false));
        assert_eq!((y.shape, y.optional, y.names.len()), (Some(Shape::Json), true, 3));
        assert_eq!(y.names[2], Name::Literal("none at all".to_owned()));
    }

    #[test]
    fn what_is_no_hole_is_refused_with_what_would_be_one() {
        let cases = [
            ("{parameters.x", "write it twice"),
            ("a}", "write it twice"),
            ("{x}", "there are parameters.NAME"),
            ("{parameters.}", "there are parameters.NAME"),
            ("{parameters.a/b}", "there are parameters.NAME"),
            ("{upper parameters.x}", "is no shape; there are json"),
            ("{}", "there are parameters.NAME"),
        ];
        for (text, says) in cases {
            let error = Template::read(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
