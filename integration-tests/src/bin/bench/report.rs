//! The table.

use std::process::Command;

use crate::measure::Figures;

/// Machine, commit and the table's head.
pub fn head() -> String {
    let commit = first_line("git", &["describe", "--always", "--dirty"]);
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        model.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("").trim_matches([' ', '\t', ':']);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    format!(
        "commit {commit}; {cores} cores, {model}; load {load} before; everything on this machine\n\n\
         | log | figure | min | median | p99 or max | n |\n|---|---|---|---|---|---|"
    )
}

/// The rows of one log.
pub fn rows(log: &str, figures: &Figures, pid: u32) -> String {
    let memory = format!("| {log} | memory of the coordinator's process after it, MiB | | {} | | |", memory_mib(pid));
    [self::figures(log, figures), memory].join("\n")
}

/// The same without the process.
pub fn figures(log: &str, figures: &Figures) -> String {
    let rows = [
        row(log, "10,000 no-op tasks side by side, tasks/s", &figures.fan_out_tasks_per_second, 1.0),
        row(log, "from its end until a query shows it, ms", &figures.projection_lag_ms, 1.0),
        row(log, "200 no-op tasks in a chain, per hop, ms", &figures.chain_hop_ms, 0.99),
        row(log, "start call to start of the first task, idle, ms", &figures.start_ms, 0.99),
    ];
    rows.join("\n")
}

/// One figure.
pub fn row(log: &str, figure: &str, values: &[f64], high: f64) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = ((sorted.len().saturating_sub(1)) as f64 * share).round() as usize;
        sorted.get(place).copied().unwrap_or(f64::NAN)
    };
    let show = |value: f64| if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") };
    format!("| {log} | {figure} | {} | {} | {} | {} |", show(at(0.0)), show(at(0.5)), show(at(high)), sorted.len())
}

fn memory_mib(pid: u32) -> String {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let kib: Option<u64> = line.trim().trim_end_matches(" kB").parse().ok();
    kib.map_or("?".to_owned(), |kib| (kib / 1024).to_string())
}

fn first_line(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or("unknown").to_owned()
}
