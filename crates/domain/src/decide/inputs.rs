//! Run inputs: the trigger's value, else the default, else null where the input is optional, else a refusal. What the document says
//! may hold expressions, evaluated as the run begins to exist; what a trigger brings is taken as it is.

use downbeat_dialect::{
    Input, InputType,
    expression::{has_template, render_value},
};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    command::{Context, Rejection},
    decide::json_bytes,
    id::RunId,
    limits,
    names::StartNames,
    plan::PlanInput,
};

/// The run that the inputs are for.
pub(super) struct Of<'a> {
    pub(super) run: RunId,
    pub(super) environment: &'a Map<String, Value>,
    pub(super) environment_name: &'a str,
}

impl Of<'_> {
    /// Evaluates a value of the document.
    fn render(&self, name: &str, value: &Value, known: &Known<'_>, context: &Context) -> Result<Value, Rejection> {
        let (environment, environment_name) = (self.environment, self.environment_name);
        let (inputs, outputs) = (known.inputs, known.outputs);
        let names = StartNames { run: self.run, environment, environment_name, inputs, outputs, now: context.now };
        render_value(value, &names)
            .map_err(|error| Rejection::InvalidInputs(format!("pipeline input `{name}`: {error}")))
    }
}

/// What a trigger of the document gives, evaluated; `outputs` = what that name reads, where the trigger has something.
pub(super) fn of_trigger(
    given: &Map<String, Value>,
    of: &Of<'_>,
    outputs: Option<Value>,
    context: &Context,
) -> Result<Map<String, Value>, Rejection> {
    let known = Known { inputs: &Map::new(), outputs: outputs.as_ref() };
    given.iter().map(|(name, value)| Ok((name.clone(), of.render(name, value, &known, context)?))).collect()
}

/// An input of this name is given the instants that a run of a schedule stands for.
const INSTANTS: &str = "downbeat_instants";

/// Adds them, oldest first, where the pipeline declares that input and the schedule gives it nothing itself.
pub(super) fn with_instants(
    mut given: Map<String, Value>,
    declared: &[PlanInput],
    instants: impl Iterator<Item = Timestamp>,
) -> Map<String, Value> {
    if declared.iter().any(|input| input.name == INSTANTS) {
        given.entry(INSTANTS).or_insert_with(|| instants.map(|instant| instant.to_string()).collect());
    }
    given
}

/// What is known of a run that begins to exist.
struct Known<'a> {
    inputs: &'a Map<String, Value>,
    outputs: Option<&'a Value>,
}

pub(super) fn complete(
    declared: &[PlanInput],
    given: &Map<String, Value>,
    of: &Of<'_>,
    context: &Context,
) -> Result<Map<String, Value>, Rejection> {
    if let Some(unknown) = given.keys().find(|name| !declared.iter().any(|input| input.name == **name)) {
        let names: Vec<&str> = declared.iter().map(|input| input.name.as_str()).collect();
        let known = match names.as_slice() {
            [] => "it declares none".to_owned(),
            names => format!("it declares: {}", names.join(", ")),
        };
        return Err(Rejection::InvalidInputs(format!("the pipeline declares no input `{unknown}` ({known})")));
    }
    let mut inputs = Map::new();
    for input in declared {
        let value = match (given.get(&input.name), &input.default) {
            (Some(value), _) if !value.is_null() => convert(input, value.clone())?,
            // Null where null is allowed is a value; elsewhere it is the absence of one.
            (Some(_), _) if input.optional => Value::Null,
            (_, Some(default)) if !default.is_null() => {
                match of.render(&input.name, default, &Known { inputs: &inputs, outputs: None }, context)? {
                    Value::Null if input.optional => Value::Null,
                    Value::Null => return Err(missing(input)),
                    value => convert(input, value)?,
                }
            }
            _ if input.optional => Value::Null,
            _ => return Err(missing(input)),
        };
        inputs.insert(input.name.clone(), value);
    }
    let bytes = json_bytes(&inputs);
    if bytes > limits::INPUT_BYTES_MAX {
        return Err(Rejection::InvalidInputs(format!(
            "the inputs take {bytes} bytes; at most {} are allowed",
            limits::INPUT_BYTES_MAX
        )));
    }
    Ok(inputs)
}

/// What an event gives, each value as its declaration has it. Whether everything that is needed was given is for [`complete`] to say.
pub(super) fn fit(declared: &[PlanInput], given: Map<String, Value>) -> Result<Map<String, Value>, Rejection> {
    let fit = given.into_iter().map(|(name, value)| {
        let input = declared.iter().find(|input| input.name == name);
        let input =
            input.ok_or_else(|| Rejection::InvalidInputs(format!("the pipeline declares no input `{name}`")))?;
        let may_be_null = input.optional || input.default.as_ref().is_some_and(|default| !default.is_null());
        match value {
            Value::Null if may_be_null => Ok((name, Value::Null)),
            Value::Null => Err(missing(input)),
            value => Ok((name, convert(input, value)?)),
        }
    });
    fit.collect()
}

fn missing(input: &PlanInput) -> Rejection {
    Rejection::InvalidInputs(format!("Missing required pipeline input `{}`", input.name))
}

fn convert(input: &PlanInput, value: Value) -> Result<Value, Rejection> {
    let kind = match input.kind.as_str() {
        "number" => InputType::Number,
        "boolean" => InputType::Boolean,
        "dict" => InputType::Dict,
        "list" => InputType::List,
        _ => InputType::String,
    };
    // What looks like an expression is a text like any other: it was not written in the document.
    if has_template(&value) {
        let fits = match kind {
            InputType::String => value.is_string() && input.options.is_empty(),
            InputType::Dict => value.is_object(),
            InputType::List => value.is_array(),
            InputType::Number | InputType::Boolean => false,
        };
        return fits.then_some(value).ok_or_else(|| {
            let what = "expressions are not evaluated in what a trigger gives";
            Rejection::InvalidInputs(format!("pipeline input `{}`: {what}", input.name))
        });
    }
    let declared = Input { kind, default: None, optional: input.optional, options: input.options.clone() };
    declared
        .coerce(value)
        .map_err(|reason| Rejection::InvalidInputs(format!("pipeline input `{}`: {reason}", input.name)))
}
