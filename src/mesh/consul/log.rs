//! The access log of proxies: one setting for all of them.
//!
//! `hashicorp/consul: agent/xds/accesslogs/accesslogs.go`.

use super::Consul;
use super::entry::Kind;
use crate::model::{AccessLog, At, Because, Decided, LogState, Setting, Workload};

/// The extension that sends a log of calls to a collector.
/// `hashicorp/consul: agent/envoyextensions/builtin/otel-access-logging`.
const EXTENSION: &str = "builtin/otel-access-logging";

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
            return Log {
                state: match defaults {
                    // it is the only place that could say something else
                    Some(entry) => Decided::configured(LogState::Off, entry.named.clone()),
                    None => self.log_by_default(),
                },
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

    fn log_by_default(&self) -> Decided<LogState> {
        let settings = &self.config.neutral;
        match settings.known {
            true => {
                let rule = "Consul's default: no access log";
                Decided::default(LogState::Off, rule, settings.at.clone())
            }
            false => {
                let what = "an entry proxy-defaults, which is not in the input, may switch it on";
                Decided::assumed(LogState::Off, what, settings.at.clone())
            }
        }
    }

    /// The access log of a workload: that of all, or else the one that an extension sends elsewhere.
    pub(super) fn log_of(&self, workload: &Workload) -> AccessLog {
        let Log { state, format } = self.log();
        let sent = match state.value {
            LogState::Off => self.log_sent(workload),
            _ => None,
        };
        let state = match sent {
            Some(at) => Decided::configured(LogState::On, at),
            None => state,
        };
        AccessLog {
            state: state.value,
            assumed: matches!(state.because, Because::Assumed { .. }),
            because: state.because,
            format: format.filter(|_| state.value == LogState::On),
            lacks: None,
        }
    }

    /// Where a workload's proxy is told to send a log of calls to a collector.
    fn log_sent(&self, workload: &Workload) -> Option<At> {
        let own = self.registered(workload).iter().filter_map(|one| {
            let (namespace, name) = (&one.name.namespace, &one.name.name);
            self.entries.named(Kind::ServiceDefaults, namespace, name)
        });
        let entries = own.chain(self.entries.only(Kind::ProxyDefaults));
        let fields = entries.filter_map(|entry| entry.fields(&self.index));
        let mut extensions = fields.flat_map(|it| it.each("envoyExtensions"));
        let found = extensions.find(|one| one.text("name") == Some(EXTENSION))?;
        Some(found.field("name"))
    }

    /// A log that is described and never switched on.
    pub(super) fn log_not_enabled(&self) -> Option<Setting> {
        let entry = self.entries.only(Kind::ProxyDefaults)?;
        let logs = entry.fields(&self.index)?.get("accessLogs")?;
        let described = !logs.entries().is_empty() && logs.get("enabled").is_none();
        described.then(|| Setting {
            name: "access_log_not_enabled",
            value: String::new(),
            because: Because::Configured(logs.at().clone()),
        })
    }
}
