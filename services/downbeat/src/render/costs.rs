//! Costs, prices and budgets as tables.

use downbeat_domain::{cost::amount_text, metadata::Quantity};
use downbeat_proto::{
    events::v1::{BudgetPeriod, CostBasisKind, Price},
    metadata::v1::{BudgetStatus, CostLine, CostSum, UnpricedUnit},
};

use super::{clean, instant, short, table};

/// Millionths as decimal digits, as an amount: `12.50`.
pub fn money(digits: &str) -> String {
    digits.parse().map_or_else(|_| "?".to_owned(), amount_text)
}

/// `day`, `week`, `month`.
pub fn period(number: i32) -> &'static str {
    match BudgetPeriod::try_from(number) {
        Ok(BudgetPeriod::Day) => "day",
        Ok(BudgetPeriod::Week) => "week",
        Ok(BudgetPeriod::Month) => "month",
        _ => "?",
    }
}

/// Sums; what they are not grouped by has no column.
pub fn cost_table(sums: &[CostSum], columns: Option<usize>) -> String {
    let header = [
        "SINCE",
        "PIPELINE",
        "TASK",
        "ASSET",
        "OWNER",
        "UNIT",
        "INTEGRATION",
        "ESTIMATED",
        "BILLED",
        "TOTAL",
        "CURRENCY",
        "ENTRIES",
    ];
    let row = |sum: &CostSum| {
        let pipeline = if sum.pipeline.is_empty() { &sum.pipeline_id } else { &sum.pipeline };
        let texts = [&sum.since, pipeline, &sum.task, &sum.asset, &sum.owner, &sum.unit, &sum.integration];
        let mut cells: Vec<String> = texts.into_iter().map(|text| clean(text).to_string()).collect();
        cells.extend([&sum.estimated, &sum.billed, &sum.total].map(|digits| money(digits)));
        cells.extend([clean(&sum.currency).to_string(), sum.entries.to_string()]);
        cells
    };
    let rows: Vec<_> = sums.iter().map(row).collect();
    table::lines(&header, &rows, columns, &["ENTRIES", "ESTIMATED", "BILLED"]).join("\n")
}

/// What has no price, in words.
pub fn unpriced_lines(units: &[UnpricedUnit]) -> Vec<String> {
    let line = |unit: &UnpricedUnit| {
        let name = if unit.unit.is_empty() { "units without a name".to_owned() } else { clean(&unit.unit).to_string() };
        let quantity: u128 = unit.quantity.parse().unwrap_or(0);
        format!("no price fits: {} {name} in {} quantities", Quantity::of_micros(quantity), unit.count)
    };
    units.iter().map(line).collect()
}

/// Entries, as they came. Ids are whole: `corrects` of a bill takes them.
pub fn entry_table(lines: &[CostLine], columns: Option<usize>) -> String {
    let header = [
        "ENTRY", "USED", "PIPELINE", "TASK", "RUN", "OWNER", "BASIS", "AMOUNT", "CURRENCY", "QUANTITY", "OF",
        "CORRECTS",
    ];
    let row = |line: &CostLine| {
        let entry = line.entry.clone().unwrap_or_default();
        let billed = entry.basis == CostBasisKind::Billed as i32;
        let of = match (entry.operation.as_str(), entry.external_id.as_str()) {
            ("", "") => String::new(),
            ("", bill) => format!("{bill} of {}", entry.source),
            (operation, _) => operation.to_owned(),
        };
        vec![
            line.id.clone(),
            instant(entry.incurred_at),
            clean(&line.pipeline).to_string(),
            clean(&line.task).to_string(),
            short(&line.run_id).to_owned(),
            clean(&line.owner).to_string(),
            if billed { "BILLED" } else { "ESTIMATED" }.to_owned(),
            amount_text(entry.micros.into()),
            clean(&entry.currency).to_string(),
            clean(&format!("{} {}", Quantity::new(entry.quantity_whole, entry.quantity_micros), entry.unit))
                .to_string(),
            clean(&of).to_string(),
            short(&line.corrects).to_owned(),
        ]
    };
    let rows: Vec<_> = lines.iter().map(row).collect();
    table::lines(&header, &rows, columns, &["CORRECTS", "OF", "OWNER", "RUN"]).join("\n")
}

/// Prices in their order.
pub fn price_table(prices: &[Price], columns: Option<usize>) -> String {
    let header = ["AMOUNT", "CURRENCY", "PER", "UNIT", "WHERE", "NAME"];
    let row = |price: &Price| {
        let own = [("integration", &price.integration), ("connection", &price.connection)];
        let own = own.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| format!("{name}={text}"));
        let attributes = price.attributes.iter().map(|(name, value)| format!("{name}={value}"));
        let conditions: Vec<String> = own.chain(attributes).collect();
        vec![
            amount_text(price.micros.into()),
            clean(&price.currency).to_string(),
            price.per.to_string(),
            clean(&price.unit).to_string(),
            clean(&conditions.join(" ")).to_string(),
            clean(&price.name).to_string(),
        ]
    };
    let rows: Vec<_> = prices.iter().map(row).collect();
    table::lines(&header, &rows, columns, &["NAME"]).join("\n")
}

/// Budgets and what is spent of them.
pub fn budget_table(budgets: &[BudgetStatus], columns: Option<usize>) -> String {
    let header = ["OF", "SPENT", "BUDGET", "CURRENCY", "PERIOD", "UNTIL", "CROSSED", "ENFORCED"];
    let row = |status: &BudgetStatus| {
        let budget = status.budget.clone().unwrap_or_default();
        let pipeline = if status.pipeline.is_empty() { &status.pipeline_id } else { &status.pipeline };
        let of =
            if status.owner.is_empty() { format!("pipeline {pipeline}") } else { format!("owner {}", status.owner) };
        let crossed: Vec<String> = status.crossed.iter().map(|percent| format!("{percent} %")).collect();
        vec![
            clean(&of).to_string(),
            money(&status.spent),
            amount_text(budget.micros.into()),
            clean(&budget.currency).to_string(),
            period(budget.period).to_owned(),
            instant(status.to),
            crossed.join(", "),
            if budget.enforce { "yes" } else { "" }.to_owned(),
        ]
    };
    let rows: Vec<_> = budgets.iter().map(row).collect();
    table::lines(&header, &rows, columns, &["UNTIL"]).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_shown_exactly_and_only_by_what_was_asked() {
        let sum = CostSum {
            owner: "data\u{1b}[2J".to_owned(),
            currency: "EUR".to_owned(),
            estimated: "1".to_owned(),
            billed: "170141183460469231731687303715884105727".to_owned(),
            total: "-2500000".to_owned(),
            entries: 3,
            ..CostSum::default()
        };
        let shown = cost_table(&[sum], None);
        assert!(!shown.contains("PIPELINE") && !shown.contains('\u{1b}'), "{shown}");
        for part in ["0.000001", "170141183460469231731687303715884.105727", "-2.50", "EUR"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert_eq!(money("x"), "?");
    }
}
