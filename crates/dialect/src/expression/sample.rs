//! Reads an expression once with sample values, as the official validator does before anything runs.
//!
//! The language refuses some faults only where such a reading comes across them: names that do not exist, a minus before
//! something that is no number, an index that is neither a whole number nor a text. A part that is not reached (after
//! `1 or`, or after a fault of evaluation such as `1/0`) is not refused. Every task has succeeded in the samples; what a run
//! alone knows (inputs, outputs, variables) stays open. Knows nothing about documents: what exists comes from [`Scope`].

use super::{
    ExpressionError,
    ast::{Comparison, Function, Kind, Namespace, Node, Root, Unknown},
    rules,
    samples::{self, Sample},
    words,
};
use crate::limits::EXPRESSION_NESTING;

/// What an expression may name at its place. Ids come as written.
pub(crate) trait Scope {
    /// Whether names may start with this.
    fn has(&self, namespace: Namespace) -> bool;
    /// Whether there is such a task.
    fn has_task(&self, id: &str) -> bool;
    /// Whether there is such a group.
    fn has_task_group(&self, id: &str) -> bool;
    /// Whether `outputs` may have such a field, written with a point or in brackets.
    fn has_output(&self, name: &str, dotted: bool) -> bool;
}

/// Why the reading ends early.
enum Stop {
    /// The language refuses the expression.
    Refused(ExpressionError),
    /// The sample has no value here; at run time it may have one.
    Fault,
}

type Reading<T> = Result<T, Stop>;

/// Where a value comes from: what is missing in a named value may still be there at run time.
#[derive(Clone, Copy, PartialEq)]
enum Origin {
    Computed,
    Name,
    Task,
    Group,
    /// A group that is looked up without a check.
    OrchestraGroup,
}

struct Found {
    value: Sample,
    origin: Origin,
}

impl Found {
    fn computed(value: Sample) -> Self {
        Self { value, origin: Origin::Computed }
    }

    fn open(origin: Origin) -> Self {
        Self { value: Sample::Open, origin }
    }
}

/// Why the language refuses the expression, if it does.
pub(super) fn refusal(node: &Node, scope: &dyn Scope) -> Option<ExpressionError> {
    match (Reader { scope, level: 1 }).read(node) {
        Err(Stop::Refused(error)) => Some(error),
        Ok(_) | Err(Stop::Fault) => None,
    }
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    scope: &'a dyn Scope,
    /// Levels down to the node that is read, its own counted.
    level: usize,
}

impl Reader<'_> {
    fn value(&self, node: &Node) -> Reading<Sample> {
        self.read(node).map(|found| found.value)
    }

    fn read(&self, node: &Node) -> Reading<Found> {
        if self.level + node.own_levels() > EXPRESSION_NESTING {
            return refuse(node, format!("the expression is nested more than {EXPRESSION_NESTING} levels deep"));
        }
        Reader { level: self.level + 1, ..*self }.read_inside(node)
    }

    /// Reads a node whose children are on the reader's level.
    fn read_inside(&self, node: &Node) -> Reading<Found> {
        let computed = |value: Reading<Sample>| value.map(Found::computed);
        match &node.kind {
            Kind::Literal(value) => Ok(Found::computed(Sample::of(value))),
            Kind::List(items) => {
                computed(items.iter().map(|item| self.value(item)).collect::<Reading<Vec<_>>>().map(Sample::List))
            }
            Kind::Dict(fields) => {
                let fields = fields.iter().map(|(key, item)| Ok((self.value(key)?.text(), self.value(item)?)));
                computed(fields.collect::<Reading<Vec<_>>>().map(Sample::Dict))
            }
            Kind::Root(root) => self.root(root, node),
            Kind::Member { base, index, dotted } => self.member(base, index, *dotted, node),
            Kind::Quantified { base, all } => match self.read(base)? {
                Found { value: Sample::List(members), origin } => {
                    Ok(Found { value: Sample::Members(members, *all), origin })
                }
                _ => refuse(node, format!("`{}` works on a list only", rules::quantifier(*all))),
            },
            Kind::Call { function, arguments } => {
                let arguments = arguments.iter().map(|argument| self.value(argument)).collect::<Reading<Vec<_>>>()?;
                match function {
                    Ok(function) => computed(call(*function, &arguments)),
                    Err(name) => refuse(node, format!("there is no function `{name}`")),
                }
            }
            Kind::Uncallable { .. } => refuse(node, "this cannot be called".to_owned()),
            Kind::Negate(operand) => match self.value(operand)? {
                Sample::Integer(number) => Ok(Found::computed(Sample::Integer(number.saturating_neg()))),
                Sample::Decimal(number) => Ok(Found::computed(Sample::Decimal(-number))),
                Sample::Open => refuse(node, "`-` takes no name whose value only a run knows".to_owned()),
                other => refuse(node, format!("`-` takes a number, not {}", other.kind())),
            },
            Kind::Not(operand) => Ok(Found::computed(Sample::Bool(!self.value(operand)?.truthy()))),
            Kind::And(operands) => self.first_that(operands, |value| !value.truthy()),
            Kind::Or(operands) => self.first_that(operands, Sample::truthy),
            Kind::Arithmetic { operator, left, right } => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                computed(samples::arithmetic(*operator, &left, &right).ok_or(Stop::Fault))
            }
            Kind::Compare { first, rest } => computed(self.compare(first, rest)),
        }
    }

    fn first_that(&self, operands: &[Node], settles: fn(&Sample) -> bool) -> Reading<Found> {
        let mut last = Found::computed(Sample::Null);
        for operand in operands {
            last = self.read(operand)?;
            if settles(&last.value) {
                break;
            }
        }
        Ok(last)
    }

    fn compare(&self, first: &Node, rest: &[(Comparison, Node)]) -> Reading<Sample> {
        let mut left = self.value(first)?;
        for (comparison, operand) in rest {
            let right = self.value(operand)?;
            if !samples::compare(*comparison, &left, &right).ok_or(Stop::Fault)? {
                return Ok(Sample::Bool(false));
            }
            left = right;
        }
        Ok(Sample::Bool(true))
    }

    fn root(&self, root: &Root, node: &Node) -> Reading<Found> {
        match root {
            Root::Env(_) | Root::Input(_) | Root::Secret(_) => Ok(Found::open(Origin::Name)),
            Root::Matrix(_) => {
                self.require(Namespace::Matrix, node)?;
                Ok(Found::open(Origin::Name))
            }
            Root::Orchestra(_) => Ok(Found::computed(Sample::moment())),
            Root::Task { id, through_orchestra: true } => {
                self.require(Namespace::Tasks, node)?;
                let value = if self.scope.has_task(id) { Sample::task() } else { Sample::Dict(Vec::new()) };
                Ok(Found { value, origin: Origin::Task })
            }
            Root::Task { id, through_orchestra: false } => {
                self.require(Namespace::Tasks, node)?;
                match self.scope.has_task(id) {
                    true => Ok(Found { value: Sample::task(), origin: Origin::Task }),
                    false => refuse(node, format!("there is no task `{id}`")),
                }
            }
            Root::TaskGroup { id, through_orchestra } => {
                self.require(Namespace::TaskGroups, node)?;
                match self.scope.has_task_group(id) {
                    true => {
                        let origin = if *through_orchestra { Origin::OrchestraGroup } else { Origin::Group };
                        Ok(Found { value: Sample::task_group(), origin })
                    }
                    false if *through_orchestra => Err(Stop::Fault),
                    false => refuse(node, format!("there is no task group `{id}`")),
                }
            }
            Root::Whole(namespace) => {
                self.require(*namespace, node)?;
                let open = matches!(
                    namespace,
                    Namespace::Env
                        | Namespace::Inputs
                        | Namespace::Secrets
                        | Namespace::Matrix
                        | Namespace::Outputs
                        | Namespace::Event
                );
                Ok(Found { value: Sample::names(!open), origin: Origin::Name })
            }
            Root::Unknown(Unknown::OrchestraName { dotted: false, .. }) => Err(Stop::Fault),
            Root::Unknown(unknown) => refuse(node, rules::no_such_name(unknown)),
        }
    }

    fn require(&self, namespace: Namespace, node: &Node) -> Reading<()> {
        match self.scope.has(namespace) {
            true => Ok(()),
            false => refuse(node, format!("`{}` does not exist here", namespace.word())),
        }
    }

    fn member(&self, base: &Node, index: &Node, dotted: bool, node: &Node) -> Reading<Found> {
        if let Kind::Root(Root::Whole(namespace)) = &base.kind {
            return self.computed_name(*namespace, base, index, dotted, node);
        }
        let found = self.read(base)?;
        match self.index(index)? {
            Sample::Integer(place) => item(found, place),
            name => field(found, &name.text(), dotted, node),
        }
    }

    /// An index: a whole number or a text; anything else is refused, whatever it is taken of.
    fn index(&self, index: &Node) -> Reading<Sample> {
        match self.value(index)? {
            value @ (Sample::Integer(_) | Sample::Text(_)) => Ok(value),
            Sample::Open => {
                refuse(index, "an index is a number or a text, not a name whose value only a run knows".to_owned())
            }
            other => refuse(index, format!("an index is a whole number or a text, not {}", other.kind())),
        }
    }

    fn computed_name(
        &self,
        namespace: Namespace,
        base: &Node,
        index: &Node,
        dotted: bool,
        node: &Node,
    ) -> Reading<Found> {
        self.require(namespace, base)?;
        match (namespace, self.index(index)?) {
            (Namespace::Outputs, Sample::Text(name)) if !self.scope.has_output(&name, dotted) => {
                refuse(index, format!("`outputs` has no `{name}` here"))
            }
            (Namespace::Outputs | Namespace::Event, _) => Ok(Found::open(Origin::Name)),
            (_, Sample::Text(name)) => self.root(&words::named(namespace, name), node),
            (Namespace::Orchestra | Namespace::OrchestraTaskGroups, _) => Err(Stop::Fault),
            _ => Ok(Found::open(Origin::Name)),
        }
    }
}

fn refuse<T>(node: &Node, message: String) -> Reading<T> {
    Err(Stop::Refused(ExpressionError::new(node.span.clone(), message)))
}

/// `base[place]`.
fn item(base: Found, place: i64) -> Reading<Found> {
    let named = base.origin != Origin::Computed;
    let origin = match base.origin {
        Origin::Group | Origin::OrchestraGroup => Origin::Task,
        Origin::Computed if base.value != Sample::Open => Origin::Computed,
        _ => Origin::Name,
    };
    match base.value {
        Sample::Open => Ok(Found::open(origin)),
        Sample::Members(..) => of_members(base.origin),
        Sample::List(mut items) => {
            let from_end = usize::try_from(place.unsigned_abs()).ok().and_then(|back| items.len().checked_sub(back));
            let at = if place < 0 { from_end.filter(|_| !named) } else { usize::try_from(place).ok() };
            match at {
                Some(at) if at < items.len() => Ok(Found { value: items.swap_remove(at), origin }),
                Some(_) if named => Ok(Found::open(origin)),
                _ => Err(Stop::Fault),
            }
        }
        _ if named => Ok(Found::open(origin)),
        _ => Err(Stop::Fault),
    }
}

/// `base.name` or `base['name']`.
fn field(base: Found, name: &str, dotted: bool, node: &Node) -> Reading<Found> {
    let known = rules::TASK_ATTRIBUTES.iter().any(|known| known.eq_ignore_ascii_case(name));
    if base.origin == Origin::Task && dotted && !known {
        return refuse(node, format!("a task run has no `{name}`"));
    }
    let named = base.origin != Origin::Computed;
    match base.value {
        Sample::Open => Ok(Found::open(Origin::Name)),
        Sample::Members(members, all) if dotted => {
            let fields = members.into_iter().map(|member| {
                let field = match member {
                    Sample::Dict(mut fields) => take(&mut fields, &name.to_lowercase()),
                    Sample::Open => Some(Sample::Open),
                    _ => None,
                };
                field.or_else(|| (base.origin == Origin::Group).then_some(Sample::Open)).ok_or(Stop::Fault)
            });
            Ok(Found { value: Sample::Members(fields.collect::<Reading<_>>()?, all), origin: base.origin })
        }
        Sample::Members(..) => of_members(base.origin),
        // Of a task that is looked up without a check, every known attribute is an empty map.
        Sample::Dict(fields) if fields.is_empty() && base.origin == Origin::Task && dotted => {
            Ok(Found { value: Sample::Dict(fields), origin: Origin::Name })
        }
        Sample::Dict(mut fields) => {
            let name = if dotted || named { name.to_lowercase() } else { name.to_owned() };
            match take(&mut fields, &name) {
                Some(value) => Ok(Found { value, origin: if named { Origin::Name } else { Origin::Computed } }),
                None if named => Ok(Found::open(Origin::Name)),
                None => Err(Stop::Fault),
            }
        }
        _ if named => Ok(Found::open(Origin::Name)),
        _ => Err(Stop::Fault),
    }
}

/// An index of `list.all()`.
fn of_members(origin: Origin) -> Reading<Found> {
    if origin == Origin::Group { Ok(Found::open(Origin::Name)) } else { Err(Stop::Fault) }
}

/// The last value under a key counts.
fn take(fields: &mut Vec<(String, Sample)>, name: &str) -> Option<Sample> {
    let at = fields.iter().rposition(|(key, _)| key == name)?;
    Some(fields.swap_remove(at).1)
}

fn call(function: Function, arguments: &[Sample]) -> Reading<Sample> {
    let open = arguments.contains(&Sample::Open);
    match (function, arguments) {
        (Function::Int | Function::Len | Function::Str, _) if open => Ok(Sample::Open),
        (Function::Int, [value]) => samples::integer(value).ok_or(Stop::Fault),
        (Function::Len, [value]) => samples::length(value).ok_or(Stop::Fault),
        (Function::Str, [value]) => Ok(Sample::Text(value.text())),
        (Function::AddDays | Function::AddMonths | Function::FormatDate, [date, second, rest @ ..])
            if rest.len() <= usize::from(function == Function::FormatDate) =>
        {
            let Sample::Text(date) = date else { return Ok(Sample::Text(String::new())) };
            let fits = match (function, second) {
                (_, Sample::Open) => return Ok(Sample::Open),
                (Function::AddDays, Sample::Integer(_) | Sample::Decimal(_))
                | (Function::AddMonths, Sample::Integer(_))
                | (Function::FormatDate, Sample::Text(_)) => true,
                _ => false,
            };
            match fits && samples::is_date(date) {
                true => Ok(Sample::Text(date.clone())),
                false if open => Ok(Sample::Open),
                false => Err(Stop::Fault),
            }
        }
        _ if open => Ok(Sample::Open),
        _ => Err(Stop::Fault),
    }
}
