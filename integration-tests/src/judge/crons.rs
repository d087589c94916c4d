//! Random cron expressions in six fields, and small damages to them.

use super::random::Random;

const MONTHS: &[&str] = &["JAN", "FEB", "mar", "Apr", "DEC", "JUN"];
const WEEKDAYS: &[&str] = &["SUN", "MON", "tue", "Wed", "FRI", "SAT"];

/// What is put in where it does not belong, or belongs seldom.
const STRANGERS: &[&str] = &[
    "?",
    "*",
    "L",
    "W",
    "LW",
    "WL",
    "L-3",
    "15W",
    "1W",
    "32W",
    "0W",
    "6L",
    "FRIL",
    "L6",
    "0L",
    "8L",
    "6#3",
    "FRI#5",
    "6#0",
    "6#6",
    "#3",
    "6#",
    "6#3#1",
    "60",
    "24",
    "0",
    "32",
    "13",
    "8",
    "1969",
    "2200",
    "1970",
    "2199",
    "*/0",
    "*/1",
    "*/100",
    "/5",
    "5/",
    "1/0",
    "-",
    "1-",
    "-5",
    "5-1",
    "1-5-9",
    "*-5",
    "5-*",
    ",",
    "1,",
    ",1",
    "1,,2",
    "1, 2",
    "JANUARY",
    "MONDAY",
    "mo",
    "FEB/2",
    "MON-FRI/2",
    "7-1",
    "22-2",
    "FRI-MON",
    "H",
    "@daily",
    "0 0",
    "1.5",
    "+1",
    "a",
    "**",
    "*5",
    "**/2",
    "*/2/3",
    "1-5/2",
    "L,1",
    "1,L",
    "15W,1",
    "LW/2",
    "1-5W",
    "1-L",
    "6L/2",
    "MON,FRI",
    "MON#1,FRI#2",
    "1/2,3/4",
    "01",
    "007",
    "0001",
    "00",
    "1970-1971",
    "2199-1970",
    "1970/400",
    "99999999999",
    "é",
    "1-70",
    "50-70",
    "SUN-SAT",
    "sun,Mon",
    "1L,2L",
    "1#1,2L",
    "1L,3",
    "JAN-MAR,5",
    "dec-jan",
    "5/JAN",
    "JAN/FEB",
];

struct Field {
    first: i64,
    last: i64,
    names: &'static [&'static str],
}

const FIELDS: [Field; 6] = [
    Field { first: 0, last: 59, names: &[] },
    Field { first: 0, last: 23, names: &[] },
    Field { first: 1, last: 31, names: &[] },
    Field { first: 1, last: 12, names: MONTHS },
    Field { first: 1, last: 7, names: WEEKDAYS },
    Field { first: 1970, last: 2199, names: &[] },
];

/// A cron expression of the language.
pub fn valid(random: &mut Random) -> String {
    let mut fields: Vec<String> = FIELDS.iter().map(|field| of_field(random, field)).collect();
    let question = if random.chance(50) { 2 } else { 4 };
    if random.chance(25) {
        let special = match question {
            4 => ["L", "15W", "1W", "31W", "l", "1w"],
            _ => ["L", "6L", "FRI#3", "2#1", "MONL", "7L"],
        };
        fields[6 - question] = random.pick(&special).to_owned();
    }
    fields[question] = "?".to_owned();
    join(random, &fields)
}

fn join(random: &mut Random, fields: &[String]) -> String {
    let gap = random.pick(&[" ", " ", " ", " ", "  ", "\t"]);
    let around = if random.chance(5) { " " } else { "" };
    format!("{around}{}{around}", fields.join(gap))
}

fn of_field(random: &mut Random, field: &Field) -> String {
    match random.below(10) {
        0..=3 => "*".to_owned(),
        4 | 5 => value(random, field),
        6 => {
            let values: Vec<String> = (0..=random.below(3)).map(|_| piece(random, field)).collect();
            values.join(",")
        }
        _ => piece(random, field),
    }
}

fn piece(random: &mut Random, field: &Field) -> String {
    let step = random.between(1, 70);
    match random.below(6) {
        0 => format!("*/{step}"),
        1 => format!("{}/{step}", value(random, field)),
        2 => format!("{}-{}", value(random, field), value(random, field)),
        3 => format!("{}-{}/{step}", value(random, field), value(random, field)),
        _ => value(random, field),
    }
}

fn value(random: &mut Random, field: &Field) -> String {
    if !field.names.is_empty() && random.chance(40) {
        return random.pick(field.names).to_owned();
    }
    let number = random.between(field.first, field.last);
    if random.chance(5) { format!("0{number}") } else { number.to_string() }
}

/// A cron expression with one or two damages; it may still be valid.
pub fn mutated(random: &mut Random) -> String {
    let mut text = valid(random);
    for _ in 0..=random.below(2) {
        text = mutate(random, &text);
    }
    text
}

/// One small damage.
pub fn mutate(random: &mut Random, text: &str) -> String {
    let mut fields: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    if fields.is_empty() {
        fields.push(String::new());
    }
    let at = random.below(fields.len());
    match random.below(9) {
        0 => drop(fields.remove(at)),
        1 => fields.insert(at, random.pick(STRANGERS).to_owned()),
        2 => {
            let other = random.below(fields.len());
            fields.swap(at, other);
        }
        3 => {
            let mut characters: Vec<char> = fields[at].chars().collect();
            let place = random.below(characters.len() + 1);
            characters.insert(place, random.pick(&['*', '/', '-', ',', '?', 'L', 'W', '#', '0', '9', 'a']));
            fields[at] = characters.into_iter().collect();
        }
        4 => {
            let joined = format!("{},{}", fields[at], random.pick(STRANGERS));
            fields[at] = joined;
        }
        5 if random.chance(20) => {
            let wrappers = ["cron(#)", "rate(5 minutes)", "@daily", "${{ ENV.CRON }}", "#\n", "# #", "# ;"];
            return random.pick(&wrappers).replace('#', text);
        }
        _ => fields[at] = random.pick(STRANGERS).to_owned(),
    }
    join(random, &fields)
}
