//! The tree of an expression. Knows nothing about text or values of names.

use std::ops::Range;

use serde_json::Value;

use super::OrchestraName;

/// A node with its place in the text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) span: Range<usize>,
    /// Levels below this node; a leaf has 0.
    pub(crate) depth: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Literal(Value),
    List(Vec<Node>),
    /// Keys are expressions; their text form counts.
    Dict(Vec<(Node, Node)>),
    Root(Root),
    /// `base[index]`, or `base.name` with a text index.
    Member {
        base: Box<Node>,
        index: Box<Node>,
        dotted: bool,
    },
    /// `base.all()` or `base.any()`; it has a meaning at the left end of a comparison only.
    Quantified {
        base: Box<Node>,
        all: bool,
    },
    Call {
        /// What is called; a name that is no function has no value, but may stand where nothing reads it.
        function: Result<Function, String>,
        arguments: Vec<Node>,
    },
    /// `base(arguments)` where `base` is nothing that can be called.
    Uncallable {
        base: Box<Node>,
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
    Task {
        id: String,
        /// Written as `ORCHESTRA.PIPELINE_RUN_TASKS`, whose ids the language does not check.
        through_orchestra: bool,
    },
    TaskGroup {
        id: String,
        through_orchestra: bool,
    },
    /// A namespace alone, or before an index that is computed. `outputs` always stands so.
    Whole(Namespace),
    /// A word that names nothing: it has no value, but may stand where nothing reads it.
    Unknown(Unknown),
}

/// Names that do not exist, as they are written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Unknown {
    /// `word`, where a namespace was expected.
    Namespace(String),
    /// `ORCHESTRA.word`, or `ORCHESTRA['word']`.
    OrchestraName { word: String, dotted: bool },
    /// `tasks.id` and the like, which need brackets.
    Bracketless { namespace: Namespace, id: String },
}

/// The words that names start with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Namespace {
    Env,
    Inputs,
    Orchestra,
    Secrets,
    Tasks,
    TaskGroups,
    Matrix,
    Outputs,
    /// `event`: ours, and a name in expressions of event triggers only ([`super::Expression::parse_over_event`]).
    Event,
    /// `ORCHESTRA.PIPELINE_RUN_TASKS`, the same as `tasks`; its ids are not checked.
    OrchestraTasks,
    /// `ORCHESTRA.PIPELINE_RUN_TASK_GROUPS`, the same as `task_groups`; its ids are not checked.
    OrchestraTaskGroups,
}

impl Namespace {
    /// Those that a name can start with.
    pub(crate) const WORDS: [Namespace; 8] = [
        Namespace::Env,
        Namespace::Inputs,
        Namespace::Orchestra,
        Namespace::Secrets,
        Namespace::Tasks,
        Namespace::TaskGroups,
        Namespace::Matrix,
        Namespace::Outputs,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Namespace::Env => "ENV",
            Namespace::Inputs => "inputs",
            Namespace::Orchestra => "ORCHESTRA",
            Namespace::Secrets => "secrets",
            Namespace::Tasks => "tasks",
            Namespace::TaskGroups => "task_groups",
            Namespace::Matrix => "matrix",
            Namespace::Outputs => "outputs",
            Namespace::Event => "event",
            Namespace::OrchestraTasks => "ORCHESTRA.PIPELINE_RUN_TASKS",
            Namespace::OrchestraTaskGroups => "ORCHESTRA.PIPELINE_RUN_TASK_GROUPS",
        }
    }
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
    BitXor,
    BitAnd,
    ShiftLeft,
    ShiftRight,
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
            Arithmetic::BitXor => "^",
            Arithmetic::BitAnd => "&",
            Arithmetic::ShiftLeft => "<<",
            Arithmetic::ShiftRight => ">>",
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
            Kind::Dict(fields) => fields.iter().flat_map(|(key, node)| [key, node]).collect(),
            Kind::Quantified { base, .. } => vec![base],
            Kind::Uncallable { base, arguments } => std::iter::once(&**base).chain(arguments).collect(),
            Kind::Negate(operand) | Kind::Not(operand) => vec![operand],
            Kind::Member { base: left, index: right, .. } | Kind::Arithmetic { left, right, .. } => vec![left, right],
            Kind::Compare { first, rest } => {
                std::iter::once(&**first).chain(rest.iter().map(|(_, node)| node)).collect()
            }
        }
    }

    /// Levels that a name takes by itself, as the language counts them: one per point or bracket.
    pub(crate) fn own_levels(&self) -> usize {
        match &self.kind {
            Kind::Root(Root::Whole(Namespace::OrchestraTasks | Namespace::OrchestraTaskGroups)) => 1,
            Kind::Root(Root::Whole(_) | Root::Unknown(Unknown::Namespace(_))) => 0,
            Kind::Root(
                Root::Task { through_orchestra: true, .. } | Root::TaskGroup { through_orchestra: true, .. },
            ) => 2,
            Kind::Root(_) => 1,
            _ => 0,
        }
    }

    /// Moves every place by `offset`.
    pub(crate) fn shift(&mut self, offset: usize) {
        self.change(&mut |node| node.span = node.span.start + offset..node.span.end + offset);
    }

    /// Makes `event` a name, which it is nowhere else.
    pub(crate) fn name_event(&mut self) {
        self.change(&mut |node| {
            if matches!(&node.kind, Kind::Root(Root::Unknown(Unknown::Namespace(word))) if word.eq_ignore_ascii_case("event"))
            {
                node.kind = Kind::Root(Root::Whole(Namespace::Event));
            }
        });
    }

    /// Changes this node and every one below it.
    fn change(&mut self, change: &mut impl FnMut(&mut Node)) {
        change(self);
        match &mut self.kind {
            Kind::Literal(_) | Kind::Root(_) => {}
            Kind::List(items) | Kind::And(items) | Kind::Or(items) | Kind::Call { arguments: items, .. } => {
                items.iter_mut().for_each(|node| node.change(change));
            }
            Kind::Dict(fields) => fields.iter_mut().for_each(|(key, node)| {
                key.change(change);
                node.change(change);
            }),
            Kind::Uncallable { base, arguments } => {
                base.change(change);
                arguments.iter_mut().for_each(|node| node.change(change));
            }
            Kind::Quantified { base: operand, .. } | Kind::Negate(operand) | Kind::Not(operand) => {
                operand.change(change);
            }
            Kind::Member { base: left, index: right, .. } | Kind::Arithmetic { left, right, .. } => {
                left.change(change);
                right.change(change);
            }
            Kind::Compare { first, rest } => {
                first.change(change);
                rest.iter_mut().for_each(|(_, node)| node.change(change));
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
