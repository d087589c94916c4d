//! Computes the value of a tree. Total: what has no value is an [`EvalError`] with place and operands.

use std::ops::Range;

use serde_json::{Map, Value};

use super::{
    EvalError, Names, OrchestraName, TaskView,
    ast::{Comparison, Kind, Namespace, Node, Root},
    functions, operators, rules, statuses, text, truthy, words,
};
use crate::limits::{EVALUATION_BYTES, OUTPUT_BYTES};

pub(super) type Eval<T> = Result<T, EvalError>;

pub(super) fn evaluate(node: &Node, names: &dyn Names) -> Eval<Value> {
    let value = Evaluator { names, budget: EVALUATION_BYTES }.value(node)?;
    if text::size(&value) > OUTPUT_BYTES {
        return Err(EvalError::new(node.span.clone(), format!("the value is larger than {OUTPUT_BYTES} bytes")));
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
                let value = self.root(root, &node.span)?;
                self.spend(&value, &node.span)?;
                Ok(value)
            }
            Kind::Member { base, index, dotted } => match &base.kind {
                Kind::Root(Root::Whole(namespace)) if *namespace != Namespace::Outputs => {
                    self.computed_name(*namespace, index, &node.span)
                }
                _ => {
                    let value = self.value(base)?;
                    let index_value = self.value(index)?;
                    member(value, &index_value, *dotted || ignores_case(base), &node.span)
                }
            },
            Kind::Quantified { all, .. } => {
                let message =
                    format!("`{}` has no value outside the left side of a comparison", rules::quantifier(*all));
                Err(EvalError::new(node.span.clone(), message))
            }
            Kind::Uncallable { .. } => Err(EvalError::new(node.span.clone(), "this cannot be called")),
            Kind::Call { function: Err(name), .. } => {
                Err(EvalError::new(node.span.clone(), format!("there is no function `{name}`")))
            }
            Kind::Call { function: Ok(function), arguments } => {
                let arguments = arguments.iter().map(|argument| self.value(argument)).collect::<Eval<Vec<_>>>()?;
                functions::call(*function, &arguments, self.names)
                    .map_err(|message| EvalError::new(node.span.clone(), message))
            }
            Kind::Negate(operand) => {
                let value = self.value(operand)?;
                operators::negate(&value).map_err(|message| EvalError::new(node.span.clone(), message))
            }
            Kind::Not(operand) => Ok(Value::Bool(!truthy(&self.value(operand)?))),
            Kind::And(operands) => self.first_that(operands, |value| !truthy(value)),
            Kind::Or(operands) => self.first_that(operands, truthy),
            Kind::Arithmetic { operator, left, right } => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                let value = operators::arithmetic(*operator, &left, &right)
                    .map_err(|message| EvalError::new(node.span.clone(), message))?;
                self.spend(&value, &node.span)?;
                Ok(value)
            }
            Kind::Compare { first, rest } => self.compare(first, rest),
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

    fn compare(&mut self, first: &Node, rest: &[(Comparison, Node)]) -> Eval<Value> {
        if let (Some((group, all)), [(comparison, right)]) = (first.quantifier(), rest) {
            return self.quantified(first, group, all, *comparison, right);
        }
        let mut left = self.value(first)?;
        let mut left_node = first;
        for (comparison, operand) in rest {
            let right = self.value(operand)?;
            let span = left_node.span.start..operand.span.end;
            let (compared, with) =
                (statuses::comparable(left_node, &left, &right), statuses::comparable(operand, &right, &left));
            let holds =
                operators::compare(*comparison, &compared, &with).map_err(|message| EvalError::new(span, message))?;
            if !holds {
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
        group: &Node,
        all: bool,
        comparison: Comparison,
        right: &Node,
    ) -> Eval<Value> {
        let members = self.value(group)?;
        let right_value = self.value(right)?;
        let Value::Array(members) = members else {
            return Err(EvalError::new(group.span.clone(), "a quantifier works on a list of task runs"));
        };
        for member in members {
            let left = self.substituted(chain, member)?;
            let span = chain.span.start..right.span.end;
            let compared = statuses::comparable(chain, &left, &right_value);
            let holds = operators::compare(comparison, &compared, &right_value)
                .map_err(|message| EvalError::new(span, message))?;
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
                member(value, &index, *dotted || on_task || ignores_case(base), &chain.span)
            }
            _ => Ok(task),
        }
    }

    fn root(&self, root: &Root, span: &Range<usize>) -> Eval<Value> {
        let missing = |what: String| EvalError::new(span.clone(), what);
        match root {
            Root::Env(name) => {
                self.names.env(name).ok_or_else(|| missing(format!("the environment has no variable `{name}`")))
            }
            Root::Input(name) => {
                self.names.input(name).ok_or_else(|| missing(format!("the run has no input `{name}`")))
            }
            Root::Secret(name) => {
                self.names.secret(name).ok_or_else(|| missing(format!("there is no secret `{name}`")))
            }
            Root::Matrix(name) => {
                self.names.matrix(name).ok_or_else(|| missing(format!("there is no matrix value `{name}` here")))
            }
            Root::Orchestra(name) => self.orchestra(*name, span),
            Root::Whole(Namespace::Outputs) => {
                self.names.outputs().ok_or_else(|| missing("there are no outputs here".to_owned()))
            }
            Root::Whole(namespace) => {
                let namespace = namespace.word();
                Err(missing(format!("`{namespace}` has no value of its own: write `{namespace}['name']`")))
            }
            Root::Unknown(unknown) => Err(missing(rules::no_such_name(unknown))),
            Root::Task { id, .. } => {
                self.names.task(id).map(task_value).ok_or_else(|| missing(format!("the run has no task `{id}`")))
            }
            Root::TaskGroup { id, .. } => {
                let group = self.names.task_group(id);
                let group = group.map(|tasks| Value::Array(tasks.into_iter().map(task_value).collect()));
                group.ok_or_else(|| missing(format!("the run has no task group `{id}`")))
            }
        }
    }

    fn orchestra(&self, name: OrchestraName, span: &Range<usize>) -> Eval<Value> {
        let missing = || EvalError::new(span.clone(), format!("`ORCHESTRA.{name}` has no value here"));
        self.names.orchestra(name).ok_or_else(missing)
    }

    /// `inputs['a' + 'b']`: a name that is computed.
    fn computed_name(&mut self, namespace: Namespace, index: &Node, span: &Range<usize>) -> Eval<Value> {
        let value = match self.value(index)? {
            Value::String(name) => self.root(&words::named(namespace, name), span)?,
            other => {
                let other = operators::describe(&other);
                return Err(EvalError::new(span.clone(), format!("cannot take {other} of `{}`", namespace.word())));
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
            None => {
                Err(EvalError::new(span.clone(), format!("the expression handles more than {EVALUATION_BYTES} bytes")))
            }
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

fn member(base: Value, index: &Value, ignore_case: bool, span: &Range<usize>) -> Eval<Value> {
    let error = |message: String| EvalError::new(span.clone(), message);
    match (base, index) {
        (Value::Object(mut fields), Value::String(name)) => {
            if let Some(value) = fields.swap_remove(name) {
                return Ok(value);
            }
            let similar = fields.iter_mut().find(|(key, _)| ignore_case && key.eq_ignore_ascii_case(name));
            similar.map(|(_, value)| value.take()).ok_or_else(|| error(format!("there is no `{name}` in the value")))
        }
        (Value::Array(mut items), Value::Number(number)) => {
            let length = items.len();
            let position = number.as_i64().and_then(|at| match at < 0 {
                true => length.checked_sub(usize::try_from(at.unsigned_abs()).ok()?),
                false => usize::try_from(at).ok(),
            });
            let item = position.and_then(|at| items.get_mut(at)).map(Value::take);
            item.ok_or_else(|| error(format!("there is no element {number} in a list of {length}")))
        }
        (base, index) => {
            let (base, index) = (operators::describe(&base), operators::describe(index));
            Err(error(format!("cannot take {index} of {base}")))
        }
    }
}
