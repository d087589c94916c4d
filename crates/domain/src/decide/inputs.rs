//! Run inputs: the trigger's value, else the default, else null where the input is optional, else a refusal.

use downbeat_dialect::{Input, InputType};
use serde_json::{Map, Value};

use crate::{command::Rejection, decide::json_bytes, limits, plan::PlanInput};

pub(super) fn complete(declared: &[PlanInput], given: &Map<String, Value>) -> Result<Map<String, Value>, Rejection> {
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
            (_, Some(default)) if !default.is_null() => convert(input, default.clone())?,
            _ if input.optional => Value::Null,
            _ => return Err(Rejection::InvalidInputs(format!("Missing required pipeline input `{}`", input.name))),
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

fn convert(input: &PlanInput, value: Value) -> Result<Value, Rejection> {
    let kind = match input.kind.as_str() {
        "number" => InputType::Number,
        "boolean" => InputType::Boolean,
        "dict" => InputType::Dict,
        "list" => InputType::List,
        _ => InputType::String,
    };
    let declared = Input { kind, default: None, optional: input.optional, options: input.options.clone() };
    declared
        .coerce(value)
        .map_err(|reason| Rejection::InvalidInputs(format!("pipeline input `{}`: {reason}", input.name)))
}
