//! Our verdicts against those of the official offline validator, on random documents: `make judge` prints the numbers.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use downbeat_dialect::{Severity, emit, parse, to_json};

use downbeat_integration_tests::judge::{
    Case,
    classes::{CLASSES, class_of},
    compare, crons, documents, expressions,
    json::Json,
    mutations,
    process::{Grade, Judge, find_python},
    random::Random,
    smallest,
};
use downbeat_integration_tests::repository;

/// Cases of one run; `DOWNBEAT_JUDGE_EXPRESSIONS=100000` and so on ask for more, as `make judge` does.
const EXPRESSIONS: usize = 3_000;
const CRONS: usize = 1_000;
const DOCUMENTS: usize = 6_000;
/// `DOWNBEAT_JUDGE_SEED=7` asks for other cases.
const SEED: u64 = 20_261_125;
/// Verdicts that must agree, of 1,000.
const AGREE_AT_LEAST: usize = 995;
/// Unknown disagreements that are made small and printed.
const SHOWN_MAX: usize = 12;

fn from_environment<T: std::str::FromStr>(name: &str, otherwise: T) -> T {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")),
        Err(_) => otherwise,
    }
}

/// Compares, prints the numbers and fails where they are too low or a disagreement is in no class.
fn hold(what: &str, count: usize, make: impl Fn(&mut Random) -> Json + Sync) {
    let Some(python) = find_python() else { return };
    let seed = from_environment("DOWNBEAT_JUDGE_SEED", SEED);
    let cases = compare(&python, seed, count, make);
    let refused = cases.iter().filter(|case| case.refused_by_judge()).count();
    let disagreements: Vec<&Case> = cases.iter().filter(|case| !case.agrees()).collect();
    let agreed = cases.len() - disagreements.len();
    let percent = agreed as f64 * 100.0 / cases.len() as f64;
    println!(
        "{what}, seed {seed}: {count} cases, {refused} refused by the judge, {agreed} verdicts agree ({percent:.3} %)"
    );
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unknown = Vec::new();
    for case in disagreements {
        match class_of(case) {
            Some(class) => *known.entry(class.name).or_default() += 1,
            None => unknown.push(case),
        }
    }
    known.iter().for_each(|(name, count)| println!("  {count} x {name}"));
    let grades: Vec<(String, usize)> =
        other_grades(&cases).into_iter().filter(|(kind, _)| !OTHER_GRADES.contains(&kind.as_str())).collect();
    assert!(grades.is_empty(), "single messages of different grades: {grades:#?}");
    assert!(unknown.is_empty(), "{} disagreements in no class\n{}", unknown.len(), shown(&python, &unknown));
    assert!(agreed * 1_000 >= cases.len() * AGREE_AT_LEAST, "only {percent:.3} % agree");
}

/// One small example of each kind, the most frequent kinds first.
fn shown(python: &Path, unknown: &[&Case]) -> String {
    let mut judge = Judge::start(python);
    let mut kinds: BTreeMap<String, Vec<&Case>> = BTreeMap::new();
    unknown.iter().for_each(|case| kinds.entry(case.signature()).or_default().push(case));
    let mut kinds: Vec<(String, Vec<&Case>)> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, cases)| std::cmp::Reverse(cases.len()));
    let small = kinds.iter().take(SHOWN_MAX).filter_map(|(signature, cases)| {
        let alike = |smaller: &Case| class_of(smaller).is_none() && smaller.signature() == *signature;
        let shortest = cases.iter().min_by_key(|case| case.document.count())?;
        Some(format!("{} x {}", cases.len(), smallest(shortest, &mut judge, alike).shown()))
    });
    small.collect::<Vec<_>>().join("\n\n")
}

/// A valid case or a damaged one, half and half.
fn either(random: &mut Random, valid: fn(&mut Random) -> String, damaged: fn(&mut Random) -> String) -> String {
    if random.chance(50) { valid(random) } else { damaged(random) }
}

/// Both verdicts rest on the same grade where each side has exactly one thing to say, but for the kinds listed here.
const OTHER_GRADES: &[&str] = &[];

/// Kinds of cases whose single messages have different grades, with their numbers.
fn other_grades(cases: &[Case]) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for case in cases {
        let ours: Vec<_> = case.our_errors().collect();
        let ([our], [their]) = (ours.as_slice(), case.theirs.as_slice()) else { continue };
        let Some(official) = our.code.official() else { continue };
        let same =
            matches!((official, their.grade), (Severity::Error, Grade::Error) | (Severity::Warning, Grade::Warning));
        if !same {
            *found.entry(case.signature()).or_default() += 1;
        }
    }
    found
}

#[test]
fn every_class_of_disagreement_is_explained() {
    let page = std::fs::read_to_string(repository().join("docs/dialect/judge.md")).expect("the page");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let explained: Vec<&str> = rows.filter(|name| *name != "Class").collect();
    assert_eq!(explained, CLASSES.iter().map(|class| class.name).collect::<Vec<_>>());
}

#[test]
fn every_example_passes_both() {
    let Some(python) = find_python() else { return };
    let mut judge = Judge::start(&python);
    let mut seen = 0;
    for file in pipelines(&repository().join("deploy/examples")) {
        let text = std::fs::read_to_string(&file).expect("an example");
        let parsed = parse(&text);
        assert!(parsed.pipeline.is_some(), "we refuse {}: {:?}", file.display(), parsed.diagnostics);
        let value = to_json(&text).expect("what is accepted can be read");
        let messages = judge.messages(&Json::from(&value).write());
        assert!(messages.is_empty(), "the judge refuses {}: {messages:?}", file.display());
        seen += 1;
    }
    assert!(seen > 20, "only {seen} examples");
}

/// The official command reads files by PyYAML's safe loading: it reads what we write as the value that it was written from.
#[test]
fn what_we_write_is_read_by_pyyaml_as_what_it_was_written_from() {
    const READ: &str =
        "import json, sys, yaml\nfor line in sys.stdin:\n    print(json.dumps(yaml.safe_load(json.loads(line))))";
    let Some(python) = find_python() else { return };
    let mut values = Vec::new();
    for index in 0..2_000 {
        let mut random = Random::of_case(SEED, index);
        let document = documents::valid(&mut random);
        let document = if index % 2 == 0 { document } else { mutations::mutated(&mut random, &document, 1) };
        values.extend(to_json(&document.write()));
    }
    for file in pipelines(&repository().join("deploy/examples")) {
        values.extend(to_json(&std::fs::read_to_string(&file).expect("an example")));
    }
    let hostile = [
        "2026-11-28",
        "2026-11-28 07:00:00",
        "1:30",
        "0x1f",
        "010",
        "1_0",
        "yes",
        "~",
        "=",
        "a: b",
        "x\ny\n",
        " x\n y",
        "é\u{85}",
    ];
    values.extend(
        hostile.iter().map(|text| serde_json::json!({*text: text, "list": [text, 1.5e300, -0.5, null, {}, []]})),
    );
    assert!(values.len() > 1_500, "only {} documents can be read", values.len());
    let lines = values.iter().map(|value| {
        let written = emit::to_yaml(value).expect("what was read can be written");
        serde_json::Value::from(written).to_string() + "\n"
    });
    let lines: String = lines.collect();
    let mut reader = std::process::Command::new(&python);
    reader.args(["-c", READ]).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = reader.spawn().expect("Python starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut stdin, lines.as_bytes()));
    let output = child.wait_with_output().expect("Python ends");
    writer.join().expect("no panic").expect("Python reads everything");
    let read = String::from_utf8(output.stdout).expect("JSON is text");
    let read: Vec<serde_json::Value> =
        read.lines().map(|line| serde_json::from_str(line).expect("Python writes JSON")).collect();
    assert_eq!(read.len(), values.len());
    for (read, value) in read.iter().zip(&values) {
        assert_eq!(read.to_string(), value.to_string());
    }
}

/// Files below a folder that are pipelines: they name the version of the language.
fn pipelines(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(pipelines(&path));
        } else if path.extension().is_some_and(|extension| extension == "yml")
            && std::fs::read_to_string(&path).is_ok_and(|text| text.lines().any(|line| line == "version: v1"))
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn expressions_get_the_same_verdict() {
    let count = from_environment("DOWNBEAT_JUDGE_EXPRESSIONS", EXPRESSIONS);
    hold("expressions", count, |random| {
        let expression = either(random, expressions::valid, expressions::mutated);
        let (field, text) = match random.below(4) {
            0 => ("condition", expression),
            1 => ("condition", format!("${{{{ {expression} }}}}")),
            2 => ("name", format!("${{{{{expression}}}}}")),
            _ => ("name", format!("a ${{{{ {expression} }}}} b")),
        };
        let (key, value) = if field == "name" {
            ("parameters", Json::map([("p", Json::text(text))]))
        } else {
            (field, Json::text(text))
        };
        let mut task =
            vec![("integration".to_owned(), Json::text("X")), ("integration_job".to_owned(), Json::text("Y"))];
        if key != "parameters" {
            task.push(("parameters".to_owned(), Json::map([])));
        }
        task.push((key.to_owned(), value));
        let matrix = Json::map([("inputs", Json::map([("m", Json::List(vec![Json::integer(1)]))]))]);
        let group = Json::map([("matrix", matrix), ("tasks", Json::map([("x", Json::Map(task))]))]);
        document(Json::map([("a", plain_task()), ("g", group)]), [])
    });
}

#[test]
fn crons_get_the_same_verdict() {
    let count = from_environment("DOWNBEAT_JUDGE_CRONS", CRONS);
    hold("crons", count, |random| {
        let cron = either(random, crons::valid, crons::mutated);
        let schedule = Json::List(vec![Json::map([("cron", Json::text(cron))])]);
        document(Json::map([("a", plain_task())]), [("schedule", schedule)])
    });
}

#[test]
fn documents_get_the_same_verdict() {
    let count = from_environment("DOWNBEAT_JUDGE_DOCUMENTS", DOCUMENTS);
    hold("documents", count, |random| {
        let document = documents::valid(random);
        let damages = random.pick(&[0, 1, 1, 1, 2, 3]);
        mutations::mutated(random, &document, damages)
    });
}

fn document<const N: usize>(pipeline: Json, more: [(&str, Json); N]) -> Json {
    let mut fields = vec![
        ("version".to_owned(), Json::text("v1")),
        ("name".to_owned(), Json::text("judged")),
        ("pipeline".to_owned(), pipeline),
    ];
    fields.extend(more.into_iter().map(|(key, value)| (key.to_owned(), value)));
    Json::Map(fields)
}

fn plain_task() -> Json {
    Json::map([("integration", Json::text("X")), ("integration_job", Json::text("Y")), ("parameters", Json::map([]))])
}
