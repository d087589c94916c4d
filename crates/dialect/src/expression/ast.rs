//! The tree of an expression. Knows nothing about text or values of names.

use std::ops::Range;

use serde_json::Value;

use super::OrchestraName;

/// A node with its place in the text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) span: Range<usize>,
    /// Levels below this node as the language counts them; a leaf has 0.
    pub(crate) depth: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Literal(Value),
    List(Vec<Node>),
    Dict(Vec<(String, Node)>),
    Root(Root),
    /// `base[index]`, or `base.name` with a text index.
    Member {
        base: Box<Node>,
        index: Box<Node>,
        dotted: bool,
    },
    /// `base.all()` or `base.any()`; the parser lets it stand only at the left end of a comparison.
    Quantified {
        base: Box<Node>,
        all: bool,
    },
    Call {
        function: Function,
        arguments: Vec<Node>,
    },
    Negate(Box<Node>),
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Arithmetic {
        operator: Arithmetic,
        left: Box<Node>,
        right: Box<Node>,
    },
    /// `first op operand op operand ...`
    Compare {
        first: Box<Node>,
        rest: Vec<(Comparison, Node)>,
    },
}

/// A name together with what must follow it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Root {
    Env(String),
    Input(String),
    Secret(String),
    Matrix(String),
    Orchestra(OrchestraName),
    Task(String),
    TaskGroup(String),
    Outputs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    AddDays,
    AddMonths,
    FormatDate,
    Int,
    Len,
    Str,
}

impl Function {
    pub(crate) const ALL: [Function; 6] =
        [Function::AddDays, Function::AddMonths, Function::FormatDate, Function::Int, Function::Len, Function::Str];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Function::AddDays => "add_days",
            Function::AddMonths => "add_months",
            Function::FormatDate => "format_date",
            Function::Int => "int",
            Function::Len => "len",
            Function::Str => "str",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    BitOr,
    BitAnd,
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Remainder,
    Power,
}

impl Arithmetic {
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Arithmetic::BitOr => "|",
            Arithmetic::BitAnd => "&",
            Arithmetic::Add => "+",
            Arithmetic::Subtract => "-",
            Arithmetic::Multiply => "*",
            Arithmetic::Divide => "/",
            Arithmetic::FloorDivide => "//",
            Arithmetic::Remainder => "%",
            Arithmetic::Power => "**",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Is,
    IsNot,
}

impl Comparison {
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
            Comparison::In => "in",
            Comparison::NotIn => "not in",
            Comparison::Is => "is",
            Comparison::IsNot => "is not",
        }
    }
}

impl Node {
    /// The direct children, in the order of the text.
    pub(crate) fn children(&self) -> Vec<&Node> {
        match &self.kind {
            Kind::Literal(_) | Kind::Root(_) => Vec::new(),
            Kind::List(items) | Kind::And(items) | Kind::Or(items) | Kind::Call { arguments: items, .. } => {
                items.iter().collect()
            }
            Kind::Dict(fields) => fields.iter().map(|(_, node)| node).collect(),
            Kind::Quantified { base, .. } => vec![base],
            Kind::Negate(operand) | Kind::Not(operand) => vec![operand],
            Kind::Member { base: left, index: right, .. } | Kind::Arithmetic { left, right, .. } => vec![left, right],
            Kind::Compare { first, rest } => {
                std::iter::once(&**first).chain(rest.iter().map(|(_, node)| node)).collect()
            }
        }
    }

    /// Moves every place by `offset`.
    pub(crate) fn shift(&mut self, offset: usize) {
        self.span = self.span.start + offset..self.span.end + offset;
        match &mut self.kind {
            Kind::Literal(_) | Kind::Root(_) => {}
            Kind::List(items) | Kind::And(items) | Kind::Or(items) | Kind::Call { arguments: items, .. } => {
                items.iter_mut().for_each(|node| node.shift(offset));
            }
            Kind::Dict(fields) => fields.iter_mut().for_each(|(_, node)| node.shift(offset)),
            Kind::Quantified { base: operand, .. } | Kind::Negate(operand) | Kind::Not(operand) => {
                operand.shift(offset)
            }
            Kind::Member { base: left, index: right, .. } | Kind::Arithmetic { left, right, .. } => {
                left.shift(offset);
                right.shift(offset);
            }
            Kind::Compare { first, rest } => {
                first.shift(offset);
                rest.iter_mut().for_each(|(_, node)| node.shift(offset));
            }
        }
    }

    /// Whether the node reads a quantified group: at the left end of its chain of members.
    pub(crate) fn quantifier(&self) -> Option<(&Node, bool)> {
        match &self.kind {
            Kind::Quantified { base, all } => Some((base, *all)),
            Kind::Member { base, .. } => base.quantifier(),
            _ => None,
        }
    }
}
