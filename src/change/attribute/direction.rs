//! Whether a change made anything weaker.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::felt::{Difference, Felt};
use crate::change::{Direction, FindingChange};
use crate::finding::Severity;

/// What a change did for and against the defence.
#[derive(Default)]
pub(super) struct Weight {
    weaker: bool,
    stronger: bool,
    /// Findings that came, less those that went: one that only reads otherwise does not count.
    findings: BTreeMap<(Arc<str>, Severity), i32>,
    /// Findings of environments that are still there are resolved.
    resolved: bool,
}

impl Weight {
    /// Adds what a change did; `is_there` if its environment is still there.
    pub fn add(&mut self, felt: &Felt, is_there: bool) {
        // what merely comes or goes makes nothing weaker by itself
        let stays = !felt.moved.workloads();
        match &felt.difference {
            Difference::Opened(_) | Difference::Downgraded(_) => self.weaker |= stays,
            Difference::Closed(_) | Difference::Upgraded(_) => self.stronger |= stays,
            Difference::Listener(one) => self.compare(accepts(one.before), accepts(one.after)),
            Difference::Log(one) => {
                if let (Some(before), Some(after)) = (one.before, one.after) {
                    self.compare(written(before), written(after));
                }
            }
            Difference::Introduced(one) => self.count(one, 1),
            Difference::Resolved(one) => {
                // what is not looked at any more is not better
                self.resolved |= is_there;
                self.count(one, -1);
            }
        }
    }

    fn compare(&mut self, before: u8, after: u8) {
        match after.cmp(&before) {
            Ordering::Less => self.weaker = true,
            Ordering::Greater => self.stronger = true,
            Ordering::Equal => {}
        }
    }

    fn count(&mut self, finding: &FindingChange, by: i32) {
        if finding.severity >= Severity::Low {
            let key = (Arc::clone(&finding.rule), finding.severity);
            *self.findings.entry(key).or_default() += by;
        }
    }

    pub fn direction(&self) -> Direction {
        if self.weaker || self.finds_more() {
            Direction::Weaker
        } else if self.stronger || self.resolved && self.findings.values().any(|&left| left < 0) {
            Direction::Stronger
        } else {
            Direction::Neutral
        }
    }

    /// Whether more is found than before. Where what is in force is stronger, a finding may stand in
    /// the place of one that is as bad: what took plaintext only takes mutual TLS, too.
    fn finds_more(&self) -> bool {
        let mut left: BTreeMap<(Option<&str>, Severity), i32> = BTreeMap::new();
        for ((rule, severity), count) in &self.findings {
            let rule = (!self.stronger).then_some(&**rule);
            *left.entry((rule, *severity)).or_default() += count;
        }
        left.values().any(|&left| left > 0)
    }
}

fn accepts(tls: &str) -> u8 {
    match tls {
        "required" => 2,
        "permissive" => 1,
        _ => 0,
    }
}

fn written(log: &str) -> u8 {
    match log {
        "on" => 2,
        "partial" => 1,
        _ => 0,
    }
}
