//! Random expressions by the grammar of the language, and small damages to them.

use super::random::Random;

/// Words that mutations put in: of the language, and of others.
const TOKENS: &[&str] = &[
    "1",
    "0",
    "1.5",
    "'a'",
    "\"b\"",
    "True",
    "none",
    "null",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    "+",
    "-",
    "*",
    "**",
    "/",
    "//",
    "%",
    "|",
    "&",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "in",
    "not",
    "not in",
    "is",
    "is not",
    "and",
    "or",
    ".",
    ".all()",
    ".any()",
    ".status",
    "=",
    "===",
    "&&",
    "||",
    "!",
    "? 1 : 2",
    "if",
    "else",
    "lambda",
    "~",
    "#",
    "'",
    "\"",
    "\\",
    "1e5",
    "1_0",
    "0x1",
    "1.",
    ".5",
    "007",
    "9223372036854775808",
    "a",
    "tasks",
    "inputs",
    "ENV",
    "ORCHESTRA",
    "matrix",
    "len",
    "str(1)",
    "int",
    "^",
    "@",
    ";",
    "$",
    "é",
    "''",
    "''''",
    "\u{a0}",
    "\t",
    "\n",
    "status",
    "x y",
    "<>",
    "<<",
    ":=",
    "()",
    "[]",
    "{}",
    "(1,)",
    "..",
];
const NUMBERS: &[&str] = &["0", "1", "2", "3", "42", "007", "9223372036854775807", "1.0", "0.5", "12.25", "00.10"];
const TEXTS: &[&str] = &[
    "'a'",
    "\"b\"",
    "''",
    "'SUCCEEDED'",
    "'FAILED'",
    "'it\\'s'",
    "'\\n'",
    "'}}'",
    "'${{'",
    "\"a'b\"",
    "'é'",
    "'\\\\'",
    "'2024-01-31'",
    "'12'",
    "'a b'",
    "'#'",
    "\"\\\"\"",
    "'\\x41'",
    "'%Y-%m-%d'",
];
const NAMES: &[&str] = &[
    "ENV.NAME",
    "ENV['NAME']",
    "env.name",
    "inputs.flag",
    "inputs['rows']",
    "INPUTS.a_1",
    "secrets.KEY",
    "ORCHESTRA.CURRENT_TIME",
    "ORCHESTRA.PIPELINE_RUN_ID",
    "orchestra.task_run_id",
    "ORCHESTRA['CURRENT_BRANCH']",
    "ORCHESTRA.PIPELINE_RUN_STARTED_AT",
    "matrix.m",
    "MATRIX['m']",
    "matrix.m.field",
    "tasks['a'].status",
    "tasks['x'].outputs",
    "TASKS['A'].OUTPUTS['results'][0][0]",
    "tasks[\"a\"].outputs.count",
    "tasks['a'].run_parameters.p",
    "tasks['x']['status']",
    "tasks['a'].task_run_id",
    "tasks['a']",
    "ORCHESTRA.PIPELINE_RUN_TASKS['a'].OUTPUTS['r'][0]",
    "ORCHESTRA.PIPELINE_RUN_TASKS['other'].status",
    "ORCHESTRA.PIPELINE_RUN_TASK_GROUPS['g']",
    "task_groups['g']",
    "task_groups['G'][0].status",
    "task_groups['g'][-1].outputs.x",
    "task_groups['g'][0]",
];
const COMPARISONS: &[&str] = &["==", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not", "IN", "Not In", "IS"];
const ARITHMETIC: &[&str] = &["+", "-", "*", "/", "//", "%", "|", "&", "**"];

/// An expression of the grammar; now and then one that is nested too deeply.
pub fn valid(random: &mut Random) -> String {
    let depth = random.pick(&[0, 1, 1, 2, 2, 2, 3, 3, 4, 6]);
    expression(random, depth)
}

fn expression(random: &mut Random, depth: usize) -> String {
    let Some(below) = depth.checked_sub(1) else { return atom(random) };
    let gap = spaces(random);
    match random.below(22) {
        0 | 1 => chain(random, below, &["or", "OR", "Or"]),
        2 | 3 => chain(random, below, &["and", "AND"]),
        4 => format!("not {}", expression(random, below)),
        5..=7 => comparison(random, below),
        8..=10 => {
            let operator = random.pick(ARITHMETIC);
            let (left, right) = (expression(random, below), expression(random, below));
            format!("{left}{gap}{operator}{gap}{right}")
        }
        11 => format!("-{gap}{}", expression(random, below)),
        12 => format!("({gap}{}{gap})", expression(random, below)),
        13 | 14 => call(random, below),
        15 => list(random, below),
        16 => dict(random, below),
        17 => format!("{}[{}]", postfix_base(random, below), expression(random, below)),
        18 => format!("{}.{}", postfix_base(random, below), random.pick(&["k", "status", "Name_1", "in", "all"])),
        19 | 20 => quantified(random, below),
        _ => atom(random),
    }
}

fn spaces(random: &mut Random) -> &'static str {
    random.pick(&[" ", " ", " ", "", "  "])
}

fn atom(random: &mut Random) -> String {
    let pool = match random.below(8) {
        0 | 1 => NUMBERS,
        2 | 3 => TEXTS,
        4 => &["True", "False", "None", "true", "FALSE", "nOne"],
        _ => NAMES,
    };
    random.pick(pool).to_owned()
}

fn chain(random: &mut Random, depth: usize, words: &[&str]) -> String {
    let mut text = expression(random, depth);
    for _ in 0..=random.below(3) {
        text = format!("{text} {} {}", random.pick(words), expression(random, depth));
    }
    text
}

fn comparison(random: &mut Random, depth: usize) -> String {
    let mut text = expression(random, depth);
    let links = if random.chance(15) { 2 } else { 1 };
    for _ in 0..links {
        text = format!("{text} {} {}", random.pick(COMPARISONS), expression(random, depth));
    }
    text
}

fn items(random: &mut Random, depth: usize) -> String {
    let items: Vec<String> = (0..random.below(4)).map(|_| expression(random, depth)).collect();
    let trailing = if !items.is_empty() && random.chance(20) { "," } else { "" };
    format!("{}{trailing}", items.join(random.pick(&[", ", ","])))
}

fn list(random: &mut Random, depth: usize) -> String {
    format!("[{}]", items(random, depth))
}

fn dict(random: &mut Random, depth: usize) -> String {
    let fields = (0..random.below(3)).map(|_| format!("{}: {}", random.pick(TEXTS), expression(random, depth)));
    let fields: Vec<String> = fields.collect();
    let trailing = if !fields.is_empty() && random.chance(20) { "," } else { "" };
    format!("{{{}{trailing} }}", fields.join(", "))
}

fn call(random: &mut Random, depth: usize) -> String {
    let (name, arguments) = random.pick(&[
        ("add_days", 2),
        ("add_months", 2),
        ("format_date", 2),
        ("format_date", 3),
        ("int", 1),
        ("len", 1),
        ("STR", 1),
    ]);
    // A wrong number of arguments now and then.
    let arguments = if random.chance(6) { random.below(4) } else { arguments };
    let arguments: Vec<String> = (0..arguments).map(|_| expression(random, depth)).collect();
    format!("{name}({})", arguments.join(", "))
}

fn postfix_base(random: &mut Random, depth: usize) -> String {
    match random.below(5) {
        0 => list(random, depth),
        1 => format!("({})", expression(random, depth)),
        2 => dict(random, depth),
        _ => random.pick(NAMES).to_owned(),
    }
}

fn quantified(random: &mut Random, depth: usize) -> String {
    let group = random.pick(&[
        "task_groups['g']",
        "TASK_GROUPS['g']",
        "ORCHESTRA.PIPELINE_RUN_TASK_GROUPS['g']",
        "task_groups[\"G\"]",
    ]);
    let method = random.pick(&["all", "any", "ALL", "Any"]);
    let attribute = random.pick(&[
        ".status",
        ".status",
        ".STATUS",
        ".outputs.rows",
        ".outputs['rows'][0]",
        "['status']",
        ".task_run_id",
    ]);
    let comparison = random.pick(&["==", "!=", "in", "not in", "<", "is"]);
    let right = if random.chance(60) { "'SUCCEEDED'".to_owned() } else { expression(random, depth) };
    format!("{group}.{method}(){attribute} {comparison} {right}")
}

/// The expression with one to three small damages; it may still be valid.
pub fn mutated(random: &mut Random) -> String {
    let mut text = valid(random);
    for _ in 0..=random.below(3) {
        text = mutate(random, &text);
    }
    text
}

/// One small damage.
pub fn mutate(random: &mut Random, text: &str) -> String {
    let mut pieces = split(text);
    let at = random.below(pieces.len());
    match random.below(7) {
        0 if !pieces.is_empty() => drop(pieces.remove(at)),
        1 if !pieces.is_empty() => pieces.insert(at, pieces[at].clone()),
        2 if !pieces.is_empty() => pieces[at] = random.pick(TOKENS).to_owned(),
        3 if pieces.len() > 1 => pieces.swap(at, (at + 1) % text.len().clamp(1, 2)),
        4 => {
            let mut characters: Vec<char> = text.chars().collect();
            if !characters.is_empty() {
                characters.remove(random.below(characters.len()));
            }
            return characters.into_iter().collect();
        }
        5 => {
            let cut = random.below(pieces.len() + 1);
            pieces.truncate(cut);
        }
        _ => pieces.insert(at, format!(" {} ", random.pick(TOKENS))),
    }
    pieces.concat()
}

/// Words, white space and single other characters.
fn split(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let kind = |character: char| match character {
        ' ' => 0,
        word if word.is_alphanumeric() || word == '_' => 1,
        _ => 2,
    };
    let mut last = 2;
    for character in text.chars() {
        match pieces.last_mut() {
            Some(piece) if kind(character) == last && last != 2 => piece.push(character),
            _ => pieces.push(character.to_string()),
        }
        last = kind(character);
    }
    pieces
}
