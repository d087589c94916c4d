//! Random pipelines that the language accepts, made from the catalogue: every model, every typed job, every sensor check.

use downbeat_dialect::catalogue::{self, Field, Model, Shape, ShapeKind};

use super::{crons, json::Json, random::Random};

/// Expressions that may stand wherever a task may be named.
const EXPRESSIONS: &[&str] = &[
    "tasks['a'].status == 'SUCCEEDED'",
    "task_groups['g'].all().status in ['SUCCEEDED', 'SKIPPED']",
    "inputs.region",
    "ENV.WAREHOUSE + '_x'",
    "tasks['a'].outputs.rows > 0",
    "ORCHESTRA.PIPELINE_RUN_TASKS['x'].OUTPUTS['results'][0][0]",
    "task_groups['g'].any().status == 'FAILED'",
    "not (inputs.flag is True) and len(inputs.region) > 2",
    "True",
    "add_days(ORCHESTRA.CURRENT_TIME, -1)",
    "tasks['X'].status in ('SUCCEEDED' + 'x')",
    "1 + 2 * 3",
];
/// Expressions that may stand anywhere.
const PLAIN_EXPRESSIONS: &[&str] = &[
    "ENV.WAREHOUSE",
    "inputs.region",
    "ORCHESTRA.CURRENT_TIME",
    "secrets.KEY",
    "format_date(ORCHESTRA.CURRENT_TIME, '%Y-%m-%d')",
    "int('3') + 1",
    "str(inputs.count)",
    "inputs.flag and 'yes' or 'no'",
];
const WORDS: &[&str] = &[
    "orders",
    "daily load",
    "a",
    "eu-west-1",
    "select 1",
    "x_1",
    "Ünï",
    "0",
    "true",
    "null",
    "",
    "# no comment",
    "a: b",
];
/// Texts for the patterns of the catalogue: one of them fits each.
const FITTING: &[&str] = &[
    "> 0",
    "<=12",
    "dbt build",
    "dbt run; dbt test && dbt docs generate",
    "python main.py",
    "sqlmesh run",
    "PT5M",
    "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "run-1",
];
const UUID: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

/// Which names an expression may use.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Pipeline,
    Matrix,
    Sensor,
    TriggerEvent,
    Webhook,
}

/// A pipeline that both sides should accept.
pub fn valid(random: &mut Random) -> Json {
    let inputs = if random.chance(40) { inputs(random) } else { Vec::new() };
    let required: Vec<String> =
        inputs.iter().filter(|(_, optional)| !optional).map(|((name, _), _)| name.clone()).collect();
    let mut fields = vec![
        ("version".to_owned(), Json::text("v1")),
        ("name".to_owned(), Json::text(random.pick(&["judged", "Daily orders", "p"]))),
    ];
    fields.push(("pipeline".to_owned(), entries(random)));
    for field in &model("pipeline").fields {
        let percent =
            if matches!(field.name.as_str(), "version" | "name" | "pipeline" | "inputs" | "meta") { 0 } else { 22 };
        if !random.chance(percent) {
            continue;
        }
        let place = match field.name.as_str() {
            "sensors" => Place::Sensor,
            "trigger_events" => Place::TriggerEvent,
            "webhook" => Place::Webhook,
            _ => Place::Pipeline,
        };
        let mut value = of_shape(random, &field.shape, &field.name, place);
        if place != Place::Webhook {
            give(&mut value, &required, field.name.as_str());
        }
        fields.push((field.name.clone(), value));
    }
    if !inputs.is_empty() {
        fields.push(("inputs".to_owned(), Json::Map(inputs.into_iter().map(|(input, _)| input).collect())));
    }
    if random.chance(10) {
        fields.push((
            "meta".to_owned(),
            Json::map([("owner", Json::text("data")), ("n", Json::List(vec![Json::integer(1)]))]),
        ));
    }
    Json::Map(fields)
}

fn model(name: &str) -> &'static Model {
    &catalogue::core().models[name]
}

/// Declarations, and whether a trigger need not give the input.
fn inputs(random: &mut Random) -> Vec<((String, Json), bool)> {
    let names = ["region", "count", "flag", "Rows_2"];
    let count = 1 + random.below(names.len());
    let declare = |name: &&str| {
        let kind = random.pick(&["string", "number", "boolean", "dict", "list"]);
        let mut fields = vec![("type".to_owned(), Json::text(kind))];
        let mut optional = false;
        match random.below(4) {
            0 => {
                fields.push(("default".to_owned(), scalar(random)));
                optional = fields[1].1 != Json::Null;
            }
            1 => {
                fields.push(("optional".to_owned(), Json::Bool(true)));
                optional = true;
            }
            2 if kind == "string" => {
                fields.push(("options".to_owned(), Json::List(vec![Json::text("eu"), Json::text("us")])));
                fields.push(("default".to_owned(), Json::text("eu")));
                optional = true;
            }
            _ => {}
        }
        (((*name).to_owned(), Json::Map(fields)), optional)
    };
    names[..count].iter().map(declare).collect()
}

/// Adds the required inputs to every trigger.
fn give(value: &mut Json, required: &[String], field: &str) {
    let triggers: Vec<&mut Json> = match (field, value) {
        ("schedule" | "trigger_events", Json::List(items)) => items.iter_mut().collect(),
        ("sensors", Json::Map(fields)) => fields.iter_mut().map(|(_, value)| value).collect(),
        _ => return,
    };
    if required.is_empty() {
        return;
    }
    for trigger in triggers {
        let Json::Map(fields) = trigger else { continue };
        fields.retain(|(key, _)| key != "run_inputs");
        let given = required.iter().map(|name| (name.clone(), Json::text("given"))).collect();
        fields.push(("run_inputs".to_owned(), Json::Map(given)));
    }
}

/// Tasks `a` and `b`, group `g` with tasks `x` and `y`, sometimes more.
fn entries(random: &mut Random) -> Json {
    let mut entries = vec![("a".to_owned(), task(random, &[], Place::Pipeline))];
    if random.chance(70) {
        entries.push(("b".to_owned(), task(random, &["a", "A"], Place::Pipeline)));
    }
    entries.push(("g".to_owned(), group(random, &["a"])));
    if random.chance(20) {
        entries.push(("Last step".to_owned(), task(random, &["g", "a"], Place::Pipeline)));
    }
    Json::Map(entries)
}

fn group(random: &mut Random, before: &[&str]) -> Json {
    let mut fields = of_model(random, model("task_group"), &["tasks", "depends_on"], Place::Pipeline);
    depend(random, &mut fields, before);
    let matrix = fields.iter().any(|(key, value)| key == "matrix" && *value != Json::Null);
    let place = if matrix { Place::Matrix } else { Place::Pipeline };
    let mut tasks = vec![("x".to_owned(), task(random, &[], place))];
    if random.chance(50) {
        tasks.push(("y".to_owned(), task(random, &["x"], place)));
    }
    fields.push(("tasks".to_owned(), Json::Map(tasks)));
    Json::Map(fields)
}

fn task(random: &mut Random, before: &[&str], place: Place) -> Json {
    let mut fields =
        of_model(random, model("task"), &["integration", "integration_job", "parameters", "depends_on"], place);
    depend(random, &mut fields, before);
    let integrations: Vec<_> = catalogue::integrations()
        .iter()
        .filter(|found| !found.jobs.is_empty() && !matches!(found.name.as_str(), "DOWNBEAT" | "KUBERNETES"))
        .collect();
    let (integration, job, parameters) = if random.chance(5) {
        ("ANYTHING".to_owned(), "SOMETHING_ELSE".to_owned(), vec![("free".to_owned(), scalar(random))])
    } else {
        let integration = random.pick(&integrations);
        let job = &integration.jobs[random.below(integration.jobs.len())];
        (integration.name.clone(), job.name.clone(), of_fields(random, &job.parameters, &[], place))
    };
    fields.push(("integration".to_owned(), Json::text(integration)));
    fields.push(("integration_job".to_owned(), Json::text(job)));
    fields.push(("parameters".to_owned(), Json::Map(parameters)));
    Json::Map(fields)
}

fn depend(random: &mut Random, fields: &mut Vec<(String, Json)>, before: &[&str]) {
    if !before.is_empty() && random.chance(60) {
        fields.push(("depends_on".to_owned(), Json::List(vec![Json::text(random.pick(before))])));
    }
}

fn of_model(random: &mut Random, model: &Model, without: &[&str], place: Place) -> Vec<(String, Json)> {
    let mut fields = of_fields(random, &model.fields, without, place);
    if model.additional_fields && random.chance(30) {
        fields.push(("something_else".to_owned(), scalar(random)));
    }
    fields
}

/// All required fields and some of the others.
fn of_fields(random: &mut Random, fields: &[Field], without: &[&str], place: Place) -> Vec<(String, Json)> {
    let chosen: Vec<&Field> = fields
        .iter()
        .filter(|field| !without.contains(&field.name.as_str()) && (field.required || random.chance(15)))
        .collect();
    chosen.into_iter().map(|field| (field.name.clone(), of_shape(random, &field.shape, &field.name, place))).collect()
}

fn of_shape(random: &mut Random, shape: &Shape, key: &str, place: Place) -> Json {
    match key {
        "condition" => return condition(random, place),
        "cron" => return Json::text(crons::valid(random)),
        "timezone" => return Json::text(random.pick(&["UTC", "Europe/London", "America/New_York"])),
        "exclude" => return Json::List(vec![Json::text("2027-01-01")]),
        "meta" => return Json::map([("note", scalar(random))]),
        "run_inputs" => return run_inputs(random, place),
        "map_outputs" => {
            return Json::map([(
                "region",
                Json::text(random.pick(&["${{ outputs.region }}", "region", "${{ outputs['a'][0] }}"])),
            )]);
        }
        "pipeline_id" if place == Place::TriggerEvent => return Json::text(random.pick(&[UUID, "*"])),
        "sensor_type" => return Json::text(random.pick(shape.allowed())),
        "parameters" if shape.models.is_empty() && place == Place::Sensor => {
            return Json::map([("query", text(random, place))]);
        }
        "inputs" if shape.values.is_some() => return matrix_inputs(random),
        _ => {}
    }
    if shape.nullable && random.chance(6) {
        return Json::Null;
    }
    if shape.templated && random.chance(10) {
        return Json::text(template(random, place));
    }
    if shape.or_text && random.chance(30) {
        return text(random, place);
    }
    if !shape.one_of.is_empty() {
        let one = &shape.one_of[random.below(shape.one_of.len())];
        return of_shape(random, one, key, place);
    }
    match shape.kind {
        ShapeKind::Any => scalar(random),
        ShapeKind::String => fitting_text(random, shape, key, place),
        ShapeKind::Enum => Json::text(random.pick(shape.allowed())),
        ShapeKind::Boolean => Json::Bool(random.chance(50)),
        ShapeKind::Integer => integer(random, shape),
        ShapeKind::Number if random.chance(50) => integer(random, shape),
        ShapeKind::Number => {
            let from = shape.min.unwrap_or(0);
            Json::Number(if shape.max.is_none_or(|most| most > from) {
                format!("{from}.5")
            } else {
                format!("{from}.0")
            })
        }
        ShapeKind::Array => {
            let count = (shape.min_items.unwrap_or(0) + random.below(3)).min(shape.max_items.unwrap_or(usize::MAX));
            let item = |_| match &shape.items {
                Some(items) => of_shape(random, items, "", place),
                None => scalar(random),
            };
            Json::List((0..count).map(item).collect())
        }
        ShapeKind::Object => object(random, shape, place),
    }
}

fn object(random: &mut Random, shape: &Shape, place: Place) -> Json {
    if !shape.models.is_empty() {
        let name = random.pick(&shape.models);
        return Json::Map(of_model(random, model(&name), &[], place));
    }
    if !shape.fields.is_empty() {
        return Json::Map(of_fields(random, &shape.fields, &[], place));
    }
    let count = shape.min_items.unwrap_or(0).max(1) + random.below(2);
    let entry = |at: usize| {
        let value = match &shape.values {
            Some(values) => of_shape(random, values, "", place),
            None => scalar(random),
        };
        (format!("key_{at}"), value)
    };
    Json::Map((0..count).map(entry).collect())
}

fn integer(random: &mut Random, shape: &Shape) -> Json {
    let first = shape.min.unwrap_or(0);
    let last = shape.max.unwrap_or(first.saturating_add(1_000));
    let number = random.pick(&[first, last, random.clone().between(first, last)]);
    if random.chance(5) { Json::Number(format!("{number}.0")) } else { Json::integer(number) }
}

fn fitting_text(random: &mut Random, shape: &Shape, key: &str, place: Place) -> Json {
    let patterns =
        catalogue::core().key_patterns.iter().filter(|found| key.ends_with(&found.suffix)).map(|found| &found.pattern);
    if let Some(pattern) = shape.pattern().into_iter().chain(patterns).next() {
        let fitting: Vec<&str> = FITTING.iter().copied().filter(|text| pattern.fits(text)).collect();
        assert!(!fitting.is_empty(), "no text for the pattern {}", pattern.expression());
        return Json::text(random.pick(&fitting));
    }
    let least = shape.min_length.unwrap_or(0);
    match text(random, place) {
        Json::Text(found) if found.chars().count() < least => Json::text("x".repeat(least)),
        Json::Text(found) => Json::Text(found.chars().take(shape.max_length.unwrap_or(usize::MAX)).collect()),
        other => other,
    }
}

fn text(random: &mut Random, place: Place) -> Json {
    Json::text(if random.chance(15) {
        format!("x {} y", template(random, place))
    } else {
        random.pick(WORDS).to_owned()
    })
}

fn template(random: &mut Random, place: Place) -> String {
    let expression = expression(random, place);
    if random.chance(80) { format!("${{{{ {expression} }}}}") } else { format!("${{{{{expression}}}}}") }
}

fn expression(random: &mut Random, place: Place) -> &'static str {
    match place {
        Place::Matrix if random.chance(30) => random.pick(&["matrix.m", "MATRIX['m'].id", "matrix.m.region + 'x'"]),
        Place::Pipeline | Place::Matrix if random.chance(60) => random.pick(EXPRESSIONS),
        _ => random.pick(PLAIN_EXPRESSIONS),
    }
}

fn condition(random: &mut Random, place: Place) -> Json {
    let expression = expression(random, place);
    match random.below(4) {
        0 => Json::text(expression),
        1 => Json::text(format!("  ${{{{{expression}}}}}\n")),
        _ => Json::text(format!("${{{{ {expression} }}}}")),
    }
}

fn run_inputs(random: &mut Random, place: Place) -> Json {
    let outputs = match place {
        Place::TriggerEvent => "${{ outputs['load']['rows'] }}",
        Place::Webhook => "${{ outputs.payload.region }}",
        _ => "${{ ENV.REGION }}",
    };
    Json::map([("region", Json::text(outputs)), ("other", scalar(random))])
}

fn matrix_inputs(random: &mut Random) -> Json {
    let items = |random: &mut Random| Json::List((0..random.below(3)).map(|_| scalar(random)).collect());
    let value = if random.chance(30) { Json::text("${{ inputs.region }}") } else { items(random) };
    Json::map([("m", value)])
}

/// Any value that holds no template.
fn scalar(random: &mut Random) -> Json {
    match random.below(8) {
        0 => Json::Null,
        1 => Json::Bool(random.chance(50)),
        2 => Json::integer(random.between(-3, 1_000)),
        3 => Json::Number("1.5".to_owned()),
        4 => Json::List(vec![Json::text("a"), Json::integer(1)]),
        5 => Json::map([("k", Json::text("v"))]),
        _ => Json::text(random.pick(WORDS)),
    }
}
