//! What a word at the start of a value means: a literal, a function, or a namespace with the name that must follow it.

use std::ops::Range;

use serde_json::Value;

use super::{
    ExpressionError, OrchestraName,
    ast::{Function, Kind, Namespace, Node, Root, Unknown},
    lexer::Token,
    parser::{Parse, Parser},
};

const KEYWORDS: [&str; 5] = ["and", "or", "not", "in", "is"];

impl Parser<'_> {
    pub(super) fn word(&mut self, word: &str, place: Range<usize>) -> Parse<Node> {
        let is = |other: &str| word.eq_ignore_ascii_case(other);
        for (literal, value) in [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("none", Value::Null)] {
            if is(literal) {
                return self.node(Kind::Literal(value), place);
            }
        }
        if KEYWORDS.into_iter().any(is) {
            return Err(ExpressionError::new(place, format!("expected a value, found `{word}`")));
        }
        if matches!(self.peek(), Token::Symbol("(")) {
            let function = Function::ALL.into_iter().find(|function| is(function.word()));
            return self.call(function.ok_or_else(|| word.to_owned()), place.start);
        }
        let root = match Namespace::WORDS.into_iter().find(|namespace| is(namespace.word())) {
            Some(namespace) => self.named(namespace)?,
            None => Root::Unknown(Unknown::Namespace(word.to_owned())),
        };
        let end = self.end_of_last();
        self.node(Kind::Root(root), place.start..end)
    }

    /// A namespace with the name that follows it, if one does.
    fn named(&mut self, namespace: Namespace) -> Parse<Root> {
        if matches!(namespace, Namespace::Outputs | Namespace::Event) {
            return Ok(Root::Whole(namespace));
        }
        if let Some(name) = self.bracketed() {
            return Ok(named(namespace, name));
        }
        if !self.take_symbol(".") {
            return Ok(Root::Whole(namespace));
        }
        let name = self.name()?;
        if namespace != Namespace::Orchestra {
            let id = name;
            return Ok(match namespace {
                Namespace::Tasks | Namespace::TaskGroups => Root::Unknown(Unknown::Bracketless { namespace, id }),
                _ => named(namespace, id),
            });
        }
        let maps = match OrchestraName::from_word(&name) {
            Some(OrchestraName::PipelineRunTasks) => Namespace::OrchestraTasks,
            Some(OrchestraName::PipelineRunTaskGroups) => Namespace::OrchestraTaskGroups,
            Some(name) => return Ok(Root::Orchestra(name)),
            None => return Ok(Root::Unknown(Unknown::OrchestraName { word: name, dotted: true })),
        };
        if let Some(id) = self.bracketed() {
            return Ok(named(maps, id));
        }
        if self.take_symbol(".") {
            let id = self.name()?;
            return Ok(Root::Unknown(Unknown::Bracketless { namespace: maps, id }));
        }
        Ok(Root::Whole(maps))
    }

    /// `['name']`, if that comes next.
    fn bracketed(&mut self) -> Option<String> {
        let (Token::Symbol("["), Token::Text(name), Token::Symbol("]")) = (self.ahead(0), self.ahead(1), self.ahead(2))
        else {
            return None;
        };
        let name = name.to_string();
        (0..3).for_each(|_| self.advance());
        Some(name)
    }
}

/// The name in its namespace.
pub(super) fn named(namespace: Namespace, name: String) -> Root {
    match namespace {
        Namespace::Env => Root::Env(name),
        Namespace::Inputs => Root::Input(name),
        Namespace::Secrets => Root::Secret(name),
        Namespace::Matrix => Root::Matrix(name),
        Namespace::Tasks => Root::Task { id: name, through_orchestra: false },
        Namespace::TaskGroups => Root::TaskGroup { id: name, through_orchestra: false },
        Namespace::OrchestraTasks => Root::Task { id: name, through_orchestra: true },
        Namespace::OrchestraTaskGroups => Root::TaskGroup { id: name, through_orchestra: true },
        Namespace::Outputs | Namespace::Event => Root::Whole(namespace),
        Namespace::Orchestra => match OrchestraName::from_word(&name) {
            Some(OrchestraName::PipelineRunTasks) => Root::Whole(Namespace::OrchestraTasks),
            Some(OrchestraName::PipelineRunTaskGroups) => Root::Whole(Namespace::OrchestraTaskGroups),
            Some(name) => Root::Orchestra(name),
            None => Root::Unknown(Unknown::OrchestraName { word: name, dotted: false }),
        },
    }
}
