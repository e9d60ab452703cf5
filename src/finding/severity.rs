use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How bad a finding is, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is wrong yet.
    Info,
    /// A weakness that needs others to become a danger.
    Low,
    /// A gap in the defence.
    Medium,
    /// Traffic or access is open that should not be.
    High,
    /// Open to anyone who can reach it.
    Critical,
}

impl Severity {
    /// All of them, worst first: the order of summaries.
    pub const WORST_FIRST: [Self; 5] = [
        Self::Critical,
        Self::High,
        Self::Medium,
        Self::Low,
        Self::Info,
    ];

    /// The name in reports, metadata and flags.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The level of a SARIF result: `error`, `warning` or `note`.
    pub fn sarif_level(self) -> &'static str {
        match self {
            Self::Critical | Self::High => "error",
            Self::Medium => "warning",
            Self::Low | Self::Info => "note",
        }
    }

    /// The score code scanning sorts by, from 0.1 to 10.0; `None` where it should show none.
    /// Its bands: critical above 9.0, high from 7.0, medium from 4.0, low below.
    pub fn security_severity(self) -> Option<&'static str> {
        match self {
            Self::Critical => Some("9.5"),
            Self::High => Some("8.0"),
            Self::Medium => Some("5.5"),
            Self::Low => Some("2.0"),
            Self::Info => None,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Severity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::WORST_FIRST
            .into_iter()
            .find(|severity| severity.name() == text)
            .ok_or_else(|| format!("{text:?} is no severity: critical, high, medium, low or info"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worst_is_greatest() {
        assert!(Severity::WORST_FIRST.is_sorted_by(|a, b| a > b));
    }

    #[test]
    fn names_come_back() {
        for severity in Severity::WORST_FIRST {
            assert_eq!(severity.name().parse(), Ok(severity));
        }
        assert!("High".parse::<Severity>().is_err());
    }
}
