//! Small damages to a document. Some leave it valid; what counts is that both sides see the same document.

use downbeat_dialect::catalogue;

use super::{crons, expressions, json::Json, random::Random};

const KEYS: &[&str] = &[
    "name",
    "cron",
    "condition",
    "depends_on",
    "tasks",
    "matrix",
    "inputs",
    "type",
    "default",
    "optional",
    "options",
    "parameters",
    "integration",
    "integration_job",
    "meta",
    "paused",
    "retries",
    "timeout",
    "statuses",
    "destinations",
    "run_inputs",
    "dependsOn",
    "unknown",
    "Name",
    "",
    "alerts",
    "tags",
    "configuration",
    "concurrency",
    "a",
    "A",
    "g",
    "x",
];
const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    "A",
    "g",
    "x",
    "b",
    "nowhere",
    "FAILED",
    "failed",
    "SUCCEEDED",
    "v2",
    "UTC",
    "Mars/Base",
    "*",
    "true",
    "5",
    "> 0",
    "== 1",
    "${{ inputs.region }}",
    "${{ tasks['nowhere'].status }}",
    "${{ 1 + }}",
    "${{ matrix.m }}",
    "${{ outputs.x }}",
    "${{",
    "${{ }}",
    "${{}}",
    "a ${{ ENV.X }} b",
    "SNOWFLAKE",
    "PYTHON",
    "DBT_CORE_EXECUTE",
    "string",
    "null",
];

/// The document after some damages.
pub fn mutated(random: &mut Random, document: &Json, damages: usize) -> Json {
    let mut document = document.clone();
    for _ in 0..damages {
        let place = random.below(document.count());
        if let Some(value) = document.at_mut(place) {
            damage(random, value);
        }
    }
    document
}

fn damage(random: &mut Random, value: &mut Json) {
    match value {
        Json::Map(fields) if !fields.is_empty() && random.chance(85) => damage_map(random, fields),
        Json::List(items) if !items.is_empty() && random.chance(80) => damage_list(random, items),
        // A job that is no text is one known disagreement: enough cases of it come by other ways.
        Json::Text(text) if random.chance(75) || catalogue::job(text).is_some() => damage_text(random, text),
        Json::Number(spelled) if random.chance(60) => {
            *spelled = random
                .pick(&[
                    "-1",
                    "0",
                    "1",
                    "1.5",
                    "2.0",
                    "101",
                    "7201",
                    "259201",
                    "1001",
                    "86401",
                    "9999999999",
                    "1e3",
                    "-0",
                ])
                .to_owned();
        }
        other => *other = any(random),
    }
}

fn damage_map(random: &mut Random, fields: &mut Vec<(String, Json)>) {
    let at = random.below(fields.len());
    match random.below(9) {
        0 | 1 => drop(fields.remove(at)),
        2 => {
            let again = fields[at].clone();
            fields.push(again);
        }
        3 => fields[at].0 = random.pick(KEYS).to_owned(),
        4 => {
            let key = &mut fields[at].0;
            *key = if random.chance(50) { key.to_uppercase() } else { misspelled(random, key) };
        }
        5 => {
            let (key, value) = (random.pick(KEYS).to_owned(), any(random));
            if !fields.iter().any(|(existing, _)| *existing == key) || random.chance(10) {
                fields.push((key, value));
            }
        }
        6 => {
            let other = random.below(fields.len());
            let value = fields[other].1.clone();
            fields[at].1 = value;
        }
        _ if fields[at].0 == "integration_job" => fields[at].1 = Json::text(random.pick(TEXTS)),
        _ => fields[at].1 = any(random),
    }
}

fn damage_list(random: &mut Random, items: &mut Vec<Json>) {
    let at = random.below(items.len());
    match random.below(4) {
        0 => drop(items.remove(at)),
        1 => {
            let again = items[at].clone();
            items.push(again);
        }
        2 => items.push(any(random)),
        _ => items[at] = any(random),
    }
}

fn damage_text(random: &mut Random, text: &mut String) {
    let looks_like_cron = text.split_whitespace().count() == 6;
    *text = match random.below(8) {
        0 | 1 if text.contains("${{") => expressions::mutate(random, text),
        0 | 1 if looks_like_cron => crons::mutate(random, text),
        2 => text.to_lowercase(),
        3 => text.to_uppercase(),
        4 => misspelled(random, text),
        5 => "x".repeat(random.pick(&[100, 101, 200, 201, 300])),
        6 => format!("${{{{ {} }}}}", expressions::valid(random)),
        _ => random.pick(TEXTS).to_owned(),
    };
}

/// One character less, more or swapped.
fn misspelled(random: &mut Random, word: &str) -> String {
    let mut characters: Vec<char> = word.chars().collect();
    let at = random.below(characters.len());
    match random.below(3) {
        0 if !characters.is_empty() => drop(characters.remove(at)),
        1 if characters.len() > 1 => characters.swap(0, at),
        _ => characters.insert(at, random.pick(&['x', ' ', '_', '1', '-'])),
    }
    characters.into_iter().collect()
}

fn any(random: &mut Random) -> Json {
    match random.below(9) {
        0 => Json::Null,
        1 => Json::Bool(random.chance(50)),
        2 => Json::integer(random.between(-2, 400)),
        3 => Json::Number("1.5".to_owned()),
        4 => Json::List(Vec::new()),
        5 => Json::Map(Vec::new()),
        6 => Json::List(vec![Json::text(random.pick(TEXTS))]),
        7 => Json::map([("k", Json::text(random.pick(TEXTS)))]),
        _ => Json::text(random.pick(TEXTS)),
    }
}
