//! Pools, one a line.

use downbeat_proto::control::v1::Pool;

use super::{clean, table};

/// Name, slots, what is taken of them and what waits.
pub fn pool_table(pools: &[Pool]) -> String {
    let rows: Vec<Vec<String>> = pools
        .iter()
        .map(|pool| {
            let slots = if pool.exists { pool.slots.to_string() } else { "not set".to_owned() };
            vec![clean(&pool.name), slots, pool.used.to_string(), pool.waiting.to_string()]
        })
        .collect();
    table::lines(&["POOL", "SLOTS", "TAKEN", "WAITING"], &rows, None, &[]).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_that_nobody_sized_is_said_so() {
        let pool = |name: &str, slots, exists| Pool { name: name.to_owned(), slots, used: 1, waiting: 2, exists };
        let table = pool_table(&[pool("db", 4, true), pool("api", 0, false)]);
        assert_eq!(table, "POOL  SLOTS    TAKEN  WAITING\ndb    4        1      2\napi   not set  1      2");
    }
}
