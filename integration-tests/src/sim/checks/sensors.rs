//! INV-05 for sensors: one window of a sensor is open at a time, each instant opens one at most, and one run comes of a window at most, while
//! it is open and under the id that everybody derives.

use std::collections::BTreeMap;

use downbeat_domain::{Event, PipelineId, RunId, Trigger, WindowRef};
use jiff::Timestamp;

use super::{Check, Record, Violation};

/// The rule.
#[derive(Debug, Default)]
pub struct Sensors {
    open: BTreeMap<(PipelineId, String), Timestamp>,
    opened_last: BTreeMap<(PipelineId, String), Timestamp>,
}

impl Sensors {
    fn opens(&mut self, window: &WindowRef) -> Option<String> {
        let key = (window.pipeline, window.sensor.clone());
        let last = self.opened_last.insert(key.clone(), window.instant);
        if let Some(open) = self.open.insert(key, window.instant) {
            return Some(format!("window {window:?} opens while that of {open} is open"));
        }
        last.filter(|last| *last >= window.instant).map(|last| format!("window {window:?} opens after that of {last}"))
    }

    fn is_open(&self, window: &WindowRef) -> bool {
        self.open.get(&(window.pipeline, window.sensor.clone())) == Some(&window.instant)
    }

    fn closes(&mut self, window: &WindowRef) -> Option<String> {
        let open = self.is_open(window);
        self.open.remove(&(window.pipeline, window.sensor.clone()));
        (!open).then(|| format!("window {window:?} closes and is not open"))
    }
}

impl Check for Sensors {
    fn record(&mut self, record: &Record, found: &mut Vec<Violation>) {
        for event in record.events() {
            let wrong = match event {
                Event::SensorOpened(opened) => self.opens(&opened.window),
                Event::SensorClosed(closed) => self.closes(&closed.window),
                Event::SensorChecked(checked) => {
                    let open = self.is_open(&checked.window);
                    (!open).then(|| format!("window {:?} is checked and is not open", checked.window))
                }
                Event::RunCreated(created) => match &created.trigger {
                    Trigger::Sensor { sensor, instant } => {
                        let (pipeline, sensor) = (created.pipeline, sensor.clone());
                        let window = WindowRef { pipeline, sensor, instant: *instant };
                        let derived = RunId::of_sensor(&window);
                        let foreign = (created.run != derived).then(|| format!("its id is not {derived}"));
                        foreign.or_else(|| self.closes(&window))
                    }
                    _ => None,
                },
                _ => None,
            };
            found.extend(wrong.map(|what| Violation { invariant: "INV-05", sequence: record.sequence, what }));
        }
    }
}
