//! The vocabulary in which the catalogue describes values. Knows nothing about YAML or about who checks a value.

use std::sync::OnceLock;

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use super::{additions, core};

/// A map with known keys.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Whether further keys are taken.
    pub additional_fields: bool,
    /// The known keys.
    pub fields: Vec<Field>,
}

/// A key of a model and what its value looks like.
#[derive(Debug, Deserialize)]
pub struct Field {
    /// The key.
    pub name: String,
    /// Whether the key must be there.
    #[serde(default)]
    pub required: bool,
    /// What it means, for people.
    pub note: Option<String>,
    /// Its value.
    #[serde(flatten)]
    pub shape: Shape,
}

/// What a value looks like.
#[derive(Debug, Deserialize)]
pub struct Shape {
    /// The type.
    #[serde(rename = "type")]
    pub kind: ShapeKind,
    /// Null is taken too.
    #[serde(default)]
    pub nullable: bool,
    /// A text is taken instead of another type, because it may hold a template that yields that type.
    #[serde(default)]
    pub templated: bool,
    /// A plain text is taken instead of another type.
    #[serde(default)]
    pub or_text: bool,
    /// What an absent value means.
    pub default: Option<Value>,
    /// Words of an enum; see [`Shape::allowed`].
    #[serde(default, rename = "enum")]
    words: Vec<String>,
    /// Name of a shared list of words.
    enum_ref: Option<String>,
    /// Least number.
    pub min: Option<i64>,
    /// Greatest number.
    pub max: Option<i64>,
    /// Least characters of a text.
    pub min_length: Option<usize>,
    /// Most characters of a text.
    pub max_length: Option<usize>,
    /// Least items of a list or keys of a map.
    pub min_items: Option<usize>,
    /// Most items of a list or keys of a map.
    pub max_items: Option<usize>,
    /// What a text must look like; see [`Shape::pattern`].
    #[serde(flatten)]
    own_pattern: Option<Pattern>,
    /// Name of a shared form of texts.
    form_ref: Option<String>,
    /// Name of a shared form of the keys of a map with free keys.
    names_ref: Option<String>,
    /// Limits and pattern are advice: the official validator does not enforce them, so going beyond only warns.
    #[serde(default)]
    pub advice: bool,
    /// Another type is advised against only: the official validator takes any.
    #[serde(default)]
    pub any_type: bool,
    /// Items of a list.
    pub items: Option<Box<Shape>>,
    /// Values of a map with free keys.
    pub values: Option<Box<Shape>>,
    /// Names of the models of which a map is one.
    #[serde(default)]
    pub models: Vec<String>,
    /// Known keys of a map that has no model of its own.
    #[serde(default)]
    pub fields: Vec<Field>,
    /// With `fields`: further keys are taken.
    #[serde(default)]
    pub open: bool,
    /// The shapes of which a value is one; a map is told by the words of its enum `type`.
    #[serde(default)]
    pub one_of: Vec<Shape>,
}

/// Types of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShapeKind {
    /// Any value.
    Any,
    /// A text.
    String,
    /// A whole number; a decimal without a fraction counts.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// One of some words.
    Enum,
    /// A list.
    Array,
    /// A map.
    Object,
}

/// What a text must look like: as a regular expression that means the same here and in a JSON Schema, and in words.
#[derive(Debug, Deserialize)]
pub struct Pattern {
    #[serde(rename = "pattern")]
    expression: String,
    /// The pattern in words.
    pub constraint: String,
    #[serde(skip)]
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// The regular expression.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// Whether a text has the form. Takes time linear in the text.
    pub fn fits(&self, text: &str) -> bool {
        // A pattern that does not compile would be a fault of our data: a test compiles all of them.
        let compiled = self.compiled.get_or_init(|| Regex::new(&self.expression).ok());
        compiled.as_ref().is_some_and(|expression| expression.is_match(text))
    }
}

impl Shape {
    /// The allowed words of an enum.
    pub fn allowed(&self) -> &[String] {
        let shared = self.enum_ref.as_ref().and_then(|name| core().enums.get(name));
        shared.map_or(&self.words, |words| words)
    }

    /// Name of the shared list of words, if the enum has one.
    pub fn shared_words(&self) -> Option<&str> {
        self.enum_ref.as_deref()
    }

    /// What a text must look like.
    pub fn pattern(&self) -> Option<&Pattern> {
        self.own_pattern.as_ref().or_else(|| additions().forms.get(self.form_ref.as_ref()?))
    }

    /// What the keys of a map with free keys must look like.
    pub fn names(&self) -> Option<&Pattern> {
        additions().forms.get(self.names_ref.as_ref()?)
    }

    /// Names of the shared forms that the shape refers to.
    pub fn shared_forms(&self) -> impl Iterator<Item = &str> {
        self.form_ref.iter().chain(&self.names_ref).map(String::as_str)
    }

    /// All shapes inside this one.
    pub fn children(&self) -> impl Iterator<Item = &Shape> {
        let fields = self.fields.iter().map(|field| &field.shape);
        self.items.iter().chain(&self.values).map(|shape| &**shape).chain(fields).chain(&self.one_of)
    }
}
