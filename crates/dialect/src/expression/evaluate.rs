//! Computes the value of a tree. Total: what has no value is a [`Fault`] with place and operands.

use std::ops::Range;

use serde_json::{Map, Value};

use super::{
    Names, TaskView,
    ast::{Comparison, Kind, Namespace, Node, Root},
    functions, operators, rules,
    shown::Shown,
    statuses, text, truthy, words,
};
use crate::limits::{EVALUATION_BYTES, OUTPUT_BYTES};

type Eval<T> = Result<T, Fault>;

/// Why a node has no value.
pub(super) struct Fault {
    /// Bytes of the text in which the tree's places count.
    pub(super) span: Range<usize>,
    /// What is wrong, with the operands.
    pub(super) message: String,
}

fn fault<T>(span: &Range<usize>, message: impl Into<String>) -> Eval<T> {
    Err(Fault { span: span.clone(), message: message.into() })
}

/// What the functions and operators say, at their place.
fn at<T>(span: &Range<usize>, result: Result<T, String>) -> Eval<T> {
    result.or_else(|message| fault(span, message))
}

pub(super) fn evaluate(node: &Node, names: &dyn Names) -> Eval<Value> {
    let value = Evaluator { names, budget: EVALUATION_BYTES }.value(node)?;
    if text::size(&value) > OUTPUT_BYTES {
        return fault(&node.span, format!("the value is larger than {OUTPUT_BYTES} bytes"));
    }
    Ok(value)
}

struct Evaluator<'a> {
    names: &'a dyn Names,
    /// Bytes that may still be read or built.
    budget: usize,
}

impl Evaluator<'_> {
    fn value(&mut self, node: &Node) -> Eval<Value> {
        match &node.kind {
            Kind::Literal(value) => Ok(value.clone()),
            Kind::List(items) => items.iter().map(|item| self.value(item)).collect(),
            Kind::Dict(fields) => {
                let fields = fields.iter().map(|(key, item)| Ok((text::of(&self.value(key)?), self.value(item)?)));
                fields.collect::<Eval<Map<String, Value>>>().map(Value::Object)
            }
            Kind::Root(root) => {
                let value = self.root(root, &node.span, Shown::as_written())?;
                self.spend(&value, &node.span)?;
                Ok(value)
            }
            Kind::Member { base, index, dotted } => match &base.kind {
                Kind::Root(Root::Whole(namespace)) if !matches!(namespace, Namespace::Outputs | Namespace::Event) => {
                    self.computed_name(*namespace, index, &node.span)
                }
                _ => {
                    let value = self.value(base)?;
                    let index_value = self.value(index)?;
                    at(&node.span, member(value, &index_value, *dotted || ignores_case(base), Shown::of(node)))
                }
            },
            Kind::Quantified { all, .. } => {
                let message =
                    format!("`{}` has no value outside the left side of a comparison", rules::quantifier(*all));
                fault(&node.span, message)
            }
            Kind::Uncallable { .. } => fault(&node.span, "this cannot be called"),
            Kind::Call { function: Err(name), .. } => fault(&node.span, format!("there is no function `{name}`")),
            Kind::Call { function: Ok(function), arguments } => {
                let arguments = arguments.iter().map(|argument| self.value(argument)).collect::<Eval<Vec<_>>>()?;
                at(&node.span, functions::call(*function, &arguments, self.names, Shown::of(node)))
            }
            Kind::Negate(operand) => {
                let value = self.value(operand)?;
                at(&node.span, operators::negate(&value, Shown::of(node)))
            }
            Kind::Not(operand) => Ok(Value::Bool(!truthy(&self.value(operand)?))),
            Kind::And(operands) => self.first_that(operands, |value| !truthy(value)),
            Kind::Or(operands) => self.first_that(operands, truthy),
            Kind::Arithmetic { operator, left, right } => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                let value = at(&node.span, operators::arithmetic(*operator, &left, &right, Shown::of(node)))?;
                self.spend(&value, &node.span)?;
                Ok(value)
            }
            Kind::Compare { first, rest } => self.compare(first, rest, Shown::of(node)),
        }
    }

    /// The first operand that settles a chain of `and` or `or`, or the last one; later ones are not evaluated.
    fn first_that(&mut self, operands: &[Node], settles: fn(&Value) -> bool) -> Eval<Value> {
        let mut last = Value::Null;
        for operand in operands {
            last = self.value(operand)?;
            if settles(&last) {
                break;
            }
        }
        Ok(last)
    }

    fn compare(&mut self, first: &Node, rest: &[(Comparison, Node)], shown: Shown<'_>) -> Eval<Value> {
        if let (Some((group, all)), [(comparison, right)]) = (first.quantifier(), rest) {
            return self.quantified(first, (group, all), *comparison, right, shown);
        }
        let mut left = self.value(first)?;
        let mut left_node = first;
        for (comparison, operand) in rest {
            let right = self.value(operand)?;
            let span = left_node.span.start..operand.span.end;
            let (compared, with) =
                (statuses::comparable(left_node, &left, &right), statuses::comparable(operand, &right, &left));
            if !at(&span, operators::compare(*comparison, &compared, &with, shown))? {
                return Ok(Value::Bool(false));
            }
            left = right;
            left_node = operand;
        }
        Ok(Value::Bool(true))
    }

    /// `group.all().attribute == right`: the comparison holds for all (or any) members.
    fn quantified(
        &mut self,
        chain: &Node,
        (group, all): (&Node, bool),
        comparison: Comparison,
        right: &Node,
        shown: Shown<'_>,
    ) -> Eval<Value> {
        let members = self.value(group)?;
        let right_value = self.value(right)?;
        let Value::Array(members) = members else {
            let found = shown.value(&members);
            let message = format!("`{}` works on a list of task runs, not on {found}", rules::quantifier(all));
            return fault(&group.span, message);
        };
        for member in members {
            let left = self.substituted(chain, member)?;
            let span = chain.span.start..right.span.end;
            let compared = statuses::comparable(chain, &left, &right_value);
            let holds = at(&span, operators::compare(comparison, &compared, &right_value, shown))?;
            if holds != all {
                return Ok(Value::Bool(holds));
            }
        }
        Ok(Value::Bool(all))
    }

    /// The value of a chain of members where its quantifier stands for one task run.
    fn substituted(&mut self, chain: &Node, task: Value) -> Eval<Value> {
        match &chain.kind {
            Kind::Member { base, index, dotted } => {
                let on_task = matches!(base.kind, Kind::Quantified { .. });
                let value = self.substituted(base, task)?;
                let index = self.value(index)?;
                at(&chain.span, member(value, &index, *dotted || on_task || ignores_case(base), Shown::of(chain)))
            }
            _ => Ok(task),
        }
    }

    /// The value of a name; `shown` is what the name is made of.
    fn root(&self, root: &Root, span: &Range<usize>, shown: Shown<'_>) -> Eval<Value> {
        let missing = match root {
            Root::Env(name) => match self.names.env(name) {
                Some(value) => return Ok(value),
                None => format!("the environment has no variable `{}`", shown.name(name)),
            },
            Root::Input(name) => match self.names.input(name) {
                Some(value) => return Ok(value),
                None => format!("the run has no input `{}`", shown.name(name)),
            },
            Root::Secret(name) => match self.names.secret(name) {
                Some(value) => return Ok(value),
                None => format!("there is no secret `{}`", shown.name(name)),
            },
            Root::Matrix(name) => match self.names.matrix(name) {
                Some(value) => return Ok(value),
                None => format!("there is no matrix value `{}` here", shown.name(name)),
            },
            Root::Orchestra(name) => match self.names.orchestra(*name) {
                Some(value) => return Ok(value),
                None => format!("`ORCHESTRA.{name}` has no value here"),
            },
            Root::Task { id, .. } => match self.names.task(id) {
                Some(task) => return Ok(task_value(task)),
                None => format!("the run has no task `{}`", shown.name(id)),
            },
            Root::TaskGroup { id, .. } => match self.names.task_group(id) {
                Some(tasks) => return Ok(Value::Array(tasks.into_iter().map(task_value).collect())),
                None => format!("the run has no task group `{}`", shown.name(id)),
            },
            Root::Whole(Namespace::Outputs) => match self.names.outputs() {
                Some(value) => return Ok(value),
                None => "there are no outputs here".to_owned(),
            },
            Root::Whole(Namespace::Event) => match self.names.event() {
                Some(value) => return Ok(value),
                None => "there is no event here".to_owned(),
            },
            Root::Whole(namespace) => {
                let namespace = namespace.word();
                format!("`{namespace}` has no value of its own: write `{namespace}['name']`")
            }
            Root::Unknown(unknown) => rules::no_such_name(unknown),
        };
        fault(span, missing)
    }

    /// `inputs['a' + 'b']`: a name that is computed.
    fn computed_name(&mut self, namespace: Namespace, index: &Node, span: &Range<usize>) -> Eval<Value> {
        let value = match self.value(index)? {
            Value::String(name) => self.root(&words::named(namespace, name), span, Shown::of(index))?,
            other => {
                let other = Shown::of(index).value(&other);
                return fault(span, format!("cannot take {other} of `{}`", namespace.word()));
            }
        };
        self.spend(&value, span)?;
        Ok(value)
    }

    fn spend(&mut self, value: &Value, span: &Range<usize>) -> Eval<()> {
        match self.budget.checked_sub(text::size(value)) {
            Some(left) => {
                self.budget = left;
                Ok(())
            }
            None => fault(span, format!("the expression handles more than {EVALUATION_BYTES} bytes")),
        }
    }
}

fn task_value(task: TaskView) -> Value {
    let [status, outputs, run_parameters, task_run_id] = rules::TASK_ATTRIBUTES.map(str::to_owned);
    Value::Object(Map::from_iter([
        (status, Value::String(task.status)),
        (outputs, Value::Object(task.outputs)),
        (run_parameters, task.run_parameters),
        (task_run_id, Value::String(task.task_run_id)),
    ]))
}

/// Attributes of a task run and names of outputs are found without regard to case.
fn ignores_case(base: &Node) -> bool {
    if rules::is_task(base) {
        return true;
    }
    let Kind::Member { index, base: task, .. } = &base.kind else { return false };
    let on_task = rules::is_task(task) || matches!(task.kind, Kind::Quantified { .. });
    on_task && matches!(&index.kind, Kind::Literal(Value::String(name)) if name.eq_ignore_ascii_case("outputs"))
}

fn member(base: Value, index: &Value, ignore_case: bool, shown: Shown<'_>) -> Result<Value, String> {
    match (base, index) {
        (Value::Object(mut fields), Value::String(name)) => {
            if let Some(value) = fields.swap_remove(name) {
                return Ok(value);
            }
            let similar = fields.iter_mut().find(|(key, _)| ignore_case && key.eq_ignore_ascii_case(name));
            if let Some((_, value)) = similar {
                return Ok(value.take());
            }
            Err(format!("there is no `{}` in {}", shown.name(name), shown.value(&Value::Object(fields))))
        }
        (Value::Array(mut items), Value::Number(number)) => {
            let length = items.len();
            let position = number.as_i64().and_then(|at| match at < 0 {
                true => length.checked_sub(usize::try_from(at.unsigned_abs()).ok()?),
                false => usize::try_from(at).ok(),
            });
            if let Some(item) = position.and_then(|at| items.get_mut(at)) {
                return Ok(item.take());
            }
            let number = shown.name(&number.to_string());
            Err(format!("there is no element {number} in {} of length {length}", shown.value(&Value::Array(items))))
        }
        (base, index) => Err(format!("cannot take {} of {}", shown.value(index), shown.value(&base))),
    }
}
