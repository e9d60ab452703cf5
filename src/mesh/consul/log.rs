//! The access log of proxies: one setting for all of them.
//!
//! `hashicorp/consul: agent/xds/accesslogs/accesslogs.go`.

use super::Consul;
use super::entry::Kind;
use crate::model::{AccessLog, At, Because, Decided, LogState};

/// What is logged, and how.
pub struct Log {
    /// Whether, and because of which line.
    pub state: Decided<LogState>,
    /// The format of a line, where it is configured.
    pub format: Option<(String, At)>,
}

impl Consul {
    /// What is logged.
    pub(super) fn log(&self) -> Log {
        let defaults = self.entries.only(Kind::ProxyDefaults);
        let logs = defaults.and_then(|entry| entry.fields(&self.index)?.get("accessLogs"));
        let Some(logs) = logs else {
            let near =
                defaults.map_or_else(|| self.config.neutral.at.clone(), |one| one.named.clone());
            let rule = "Consul's default: no access log";
            return Log {
                state: Decided::default(LogState::Off, rule, near),
                format: None,
            };
        };
        let on = logs.is_on("enabled");
        let state = if on { LogState::On } else { LogState::Off };
        let format = ["jsonFormat", "textFormat"].into_iter().find_map(|key| {
            let text = logs.text(key)?;
            Some((text.to_owned(), logs.field(key)))
        });
        Log {
            state: Decided::configured(state, logs.field("enabled")),
            format,
        }
    }

    /// The access log of a workload.
    pub(super) fn log_of_all(&self) -> AccessLog {
        let Log { state, format } = self.log();
        AccessLog {
            state: state.value,
            assumed: matches!(state.because, Because::Assumed { .. }),
            because: state.because,
            format: format.filter(|_| state.value == LogState::On),
            lacks: None,
        }
    }
}
