//! Random plans, random commands, a clock of the test's own: whatever happens, the invariants hold after each step, and once the
//! world answers everything, every run ends.
#![allow(clippy::unwrap_used, missing_docs)]

mod costs;
mod one_run;
mod plans;
mod several_runs;
