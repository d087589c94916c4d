//! What `meta.downbeat` says of assets and of time: asset triggers, `freshness`, `deadlines`. A key that no asset can have, or a promise
//! that cannot be looked at, is refused.

use std::collections::BTreeSet;

use super::{
    Checker, additions,
    build::schedule_with,
    event_triggers::{inputs_of, name},
    inputs::Declared,
    triggers::given,
};
use crate::{
    AssetTrigger, Code, Deadline, Diagnostic, FreshnessRule,
    cron::Cron,
    limits::{ASSET_KEY_CHARACTERS, DEBOUNCE_MS, PROMISE_MS},
    yaml::{Entry, Kind, Node},
};

/// The asset triggers among all; the checks have passed.
pub(super) fn triggers_of(ours: &Node) -> Option<Vec<AssetTrigger>> {
    let triggers = ours.get("triggers").map_or(&[][..], Node::items).iter().enumerate();
    let of_assets = triggers.filter_map(|(at, node)| node.get("asset").map(|asset| (at, node, asset)));
    let build = |(at, node, asset): (usize, &Node, &Node)| {
        Some(AssetTrigger {
            name: name(at, node),
            assets: keys(asset).into_iter().map(|key| key.text().map(str::to_owned)).collect::<Option<_>>()?,
            debounce_ms: node.get("debounce").map_or(Some(0), additions::milliseconds)?,
            run_inputs: inputs_of(node)?,
            span: node.span,
        })
    };
    of_assets.map(build).collect()
}

/// `freshness`; the checks have passed.
pub(super) fn freshness_of(ours: &Node) -> Option<Vec<FreshnessRule>> {
    let rules = ours.get("freshness").map_or(&[][..], Node::items).iter();
    let build = |node: &Node| {
        Some(FreshnessRule {
            name: rule_name(node).to_owned(),
            asset: node.get_text("asset")?.to_owned(),
            max_age_ms: additions::milliseconds(node.get("max_age")?)?,
            span: node.span,
        })
    };
    rules.map(build).collect()
}

/// `deadlines`; the checks have passed.
pub(super) fn deadlines_of(ours: &Node) -> Option<Vec<Deadline>> {
    let deadlines = ours.get("deadlines").map_or(&[][..], Node::items).iter().enumerate();
    let build = |(at, node): (usize, &Node)| {
        let unix = node.get("unix_cron").is_some();
        let mut schedule = match unix {
            true => schedule_with(node, "unix_cron", Cron::parse_unix)?,
            false => schedule_with(node, "cron", Cron::parse)?,
        };
        schedule.options.paused = matches!(node.get("paused").map(|node| &node.kind), Some(Kind::Bool(true)));
        let within_ms = additions::milliseconds(node.get("within")?)?;
        Some(Deadline { name: deadline_name(at, node), schedule, unix, within_ms, span: node.span })
    };
    deadlines.map(build).collect()
}

/// One key or a list of them.
fn keys(asset: &Node) -> Vec<&Node> {
    if asset.text().is_some() { vec![asset] } else { asset.items().iter().collect() }
}

/// The key of the asset where there is no name.
fn rule_name(rule: &Node) -> &str {
    rule.get_text("name").or_else(|| rule.get_text("asset")).unwrap_or_default()
}

fn deadline_name(at: usize, deadline: &Node) -> String {
    deadline.get_text("name").map_or_else(|| format!("deadline-{}", at + 1), str::to_owned)
}

impl Checker<'_> {
    pub(super) fn asset_trigger(&mut self, trigger: &Node, asset: &Entry, declared: &Declared<'_>) {
        for (key, help) in [
            ("nats", "take one of them; a run that starts on either has two triggers"),
            ("all_of", "take one of them; a run that starts on either has two triggers"),
            ("when", "name the assets that count; `*` stands for any characters"),
            ("within", "how long assets are gathered is said by `debounce`"),
        ] {
            if let Some(entry) = trigger.entry(key) {
                self.form_of(entry, &format!("`{key}` stands beside `asset`"), help);
            }
        }
        let mut seen = BTreeSet::new();
        for key in keys(&asset.value) {
            let Some(text) = key.text() else { continue };
            self.asset_key(key, text, None);
            if !seen.insert(text) {
                self.report(Diagnostic::error(
                    Code::RepeatedName,
                    key.span,
                    format!("the asset `{text}` stands twice"),
                ));
            }
        }
        self.at_most(trigger.get("debounce"), DEBOUNCE_MS, "`debounce` is at most P1D");
        self.event_part(trigger, declared);
        self.required_inputs(trigger, trigger.span, &given(trigger), declared, "trigger");
    }

    /// Assets are called `<namespace>/<name>` by whoever reports them. `no_star` says why a key may not hold `*`, and what to do; absent:
    /// it may.
    pub(super) fn asset_key(&mut self, node: &Node, text: &str, no_star: Option<(&str, &str)>) {
        let (fault, help) = if text.is_empty() {
            ("the key of an asset is empty", "keys are `<namespace>/<name>`")
        } else if text.chars().count() > ASSET_KEY_CHARACTERS {
            ("the key of an asset has more than 500 characters", "name the asset as it is reported")
        } else if text.trim() != text || text.chars().any(char::is_control) {
            ("no asset has such a key: it begins or ends with space, or holds control characters", "take them out")
        } else if no_star.is_none() && text.contains("**") {
            ("`**` means no more than `*`", "write `*`: it stands for any characters, `/` too")
        } else if let Some(refusal) = no_star.filter(|_| text.contains('*')) {
            refusal
        } else if !text.contains(['/', '*']) {
            (
                "no asset has such a key: it names no namespace",
                if no_star.is_some() {
                    "keys are `<namespace>/<name>`"
                } else {
                    "keys are `<namespace>/<name>`; `*` stands for any characters"
                },
            )
        } else {
            return;
        };
        self.report(Diagnostic::error(Code::AssetKey, node.span, fault).with_help(help.to_owned()));
    }

    /// `freshness` and `deadlines`.
    pub(super) fn promises(&mut self, root: &Node) {
        let Some(ours) = additions::ours(root) else { return };
        let mut names = BTreeSet::new();
        for rule in ours.get("freshness").map_or(&[][..], Node::items) {
            if let Some(asset) = rule.get("asset")
                && let Some(text) = asset.text()
            {
                let help =
                    ("the age of one asset is watched, so its key takes no `*`", "write one rule for each asset");
                self.asset_key(asset, text, Some(help));
            }
            self.promise_name(rule, rule_name(rule).to_owned(), "rule", &mut names);
            self.more_than_nothing(rule.get("max_age"), "`max_age`");
        }
        let mut names = BTreeSet::new();
        for (at, deadline) in ours.get("deadlines").map_or(&[][..], Node::items).iter().enumerate() {
            self.promise_name(deadline, deadline_name(at, deadline), "deadline", &mut names);
            self.more_than_nothing(deadline.get("within"), "`within`");
            self.clock(deadline);
            self.unix_cron(deadline);
            match (deadline.entry("cron"), deadline.entry("unix_cron")) {
                (None, None) => {
                    let message = "this deadline does not say when a run must have ended";
                    let help = "give it `cron` with six fields, or `unix_cron` with five".to_owned();
                    self.report(Diagnostic::error(Code::DeadlineForm, deadline.span, message).with_help(help));
                }
                (Some(_), Some(unix)) => {
                    let message = "`unix_cron` stands beside `cron`";
                    let help = "take one of them, or write two deadlines".to_owned();
                    self.report(Diagnostic::error(Code::DeadlineForm, unix.key_span, message).with_help(help));
                }
                _ => {}
            }
        }
    }

    fn promise_name(&mut self, node: &Node, name: String, what: &str, names: &mut BTreeSet<String>) {
        if names.contains(&name) {
            let span = node.get("name").map_or(node.span, |name| name.span);
            let shown: String = name.chars().take(60).collect();
            let message = format!("a second {what} with the name `{shown}`");
            self.report(Diagnostic::error(Code::RepeatedName, span, message));
        }
        names.insert(name);
    }

    fn more_than_nothing(&mut self, node: Option<&Node>, what: &str) {
        let Some(node) = node else { return };
        if additions::milliseconds(node).is_some_and(|given| given == 0 || given > PROMISE_MS) {
            let message = format!("{what} is more than nothing and at most 366 days");
            self.report(Diagnostic::error(Code::OutOfRange, node.span, message));
        }
    }
}
