//! What a proxy's own log leaves out.
//!
//! The filter is `tracing-subscriber`'s `EnvFilter`, read as `linkerd/linkerd2-proxy:
//! linkerd/tracing/src/lib.rs` and `level.rs` have it: a directive that is none is left out, the one
//! with the longest target that a message's begins with decides, and `warn` holds where there is none.

use crate::model::LogState;

/// How much is written; `Off` is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing.
    Off,
    /// What fails.
    Error,
    /// What looks wrong.
    Warn,
    /// What is of interest.
    Info,
    /// What helps to find faults.
    Debug,
    /// Everything.
    Trace,
}

impl Level {
    fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "off" | "0" => Self::Off,
            "" | "error" | "1" => Self::Error,
            "warn" | "2" => Self::Warn,
            "info" | "3" => Self::Info,
            "debug" | "4" => Self::Debug,
            "trace" | "5" => Self::Trace,
            _ => return None,
        })
    }
}

/// One part of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Directive {
    /// What a message's target begins with; empty is any.
    target: String,
    /// What stands in brackets: the span or the fields that it is for.
    within: Option<String>,
    level: Level,
}

/// A filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(Vec<Directive>);

/// Where the proxy says whom it has refused.
/// `linkerd/linkerd2-proxy: linkerd/app/inbound/src/policy` (http.rs, tcp.rs).
const DECISIONS: [&str; 2] = [
    "linkerd_app_inbound::policy::http",
    "linkerd_app_inbound::policy::tcp",
];

impl Filter {
    /// Reads one.
    pub fn parse(text: &str) -> Self {
        let mut directives: Vec<_> = text.split(',').filter_map(directive).collect();
        if directives.is_empty() {
            directives.push(Directive {
                target: String::new(),
                within: None,
                level: Level::Warn,
            });
        }
        Self(directives)
    }

    /// The level that holds for messages of a target.
    fn level_of(&self, target: &str) -> Level {
        let about = |directive: &&Directive| {
            directive.within.is_none() && target.starts_with(&directive.target)
        };
        let candidates = self.0.iter().filter(about);
        // of two with the same target the later one counts
        let best = candidates.max_by_key(|directive| directive.target.len());
        best.map_or(Level::Off, |directive| directive.level)
    }

    /// Whether the log says whom the proxy has refused.
    pub fn decisions(&self) -> LogState {
        let says = |target: &str| self.level_of(target) >= Level::Info;
        let said = DECISIONS.iter().filter(|target| says(target)).count();
        // a directive for spans or for values of fields lets in what happens there
        let opens = self.0.iter().any(|directive| {
            let within = directive.within.as_deref().unwrap_or_default();
            let names_fields = within.starts_with('{') && !within.contains('=');
            let near = DECISIONS
                .iter()
                .any(|one| one.starts_with(&directive.target));
            !within.is_empty() && !names_fields && near && directive.level >= Level::Info
        });
        match said {
            2 => LogState::On,
            _ if opens => LogState::Unknown,
            0 => LogState::Off,
            _ => LogState::Partial,
        }
    }

    /// Whether what helps to find faults in the proxy is written, as headers of requests are.
    pub fn is_verbose(&self) -> bool {
        self.0.iter().any(|directive| {
            let target = directive.target.as_str();
            let own = target.is_empty() || target.starts_with("linkerd");
            own && directive.within.is_none() && directive.level >= Level::Debug
        })
    }

    /// Whether it leaves out the headers of requests, whatever the level.
    pub fn hides_headers(&self) -> bool {
        self.0.iter().any(|directive| {
            let headers = directive.within.as_deref() == Some("{headers}");
            headers && directive.target.is_empty() && directive.level == Level::Off
        })
    }
}

/// One directive: a level, a target, or both; and in brackets what else it is for. A blank before it
/// spoils it, and one behind it the level.
fn directive(text: &str) -> Option<Directive> {
    let starts =
        text.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | ':' | '_' | '['));
    if !starts {
        return None;
    }
    let (head, within, tail) = match text.split_once('[') {
        Some((head, rest)) => {
            let (within, tail) = rest.split_once(']')?;
            (head, Some(within.to_owned()), tail)
        }
        None => match text.split_once('=') {
            Some((head, _)) => (head, None, text.get(head.len()..)?),
            None => match Level::parse(text) {
                Some(level) => {
                    return Some(Directive {
                        target: String::new(),
                        within: None,
                        level,
                    });
                }
                None => (text, None, ""),
            },
        },
    };
    let level = match tail.strip_prefix('=') {
        Some("") => Level::Trace,
        Some(level) => Level::parse(level)?,
        None if tail.is_empty() => Level::Trace,
        None => return None,
    };
    Some(Directive {
        target: head.to_owned(),
        within,
        level,
    })
}

#[cfg(test)]
mod tests {
    use super::{Filter, Level};
    use crate::model::LogState;

    #[test]
    fn the_longest_target_decides_whether_decisions_are_logged() {
        let table = [
            ("warn,linkerd=info,hickory=error", LogState::On),
            (
                "warn,linkerd=info,hickory=error,[{headers}]=off,[{request}]=off",
                LogState::On,
            ),
            ("info", LogState::On),
            ("INFO", LogState::On),
            ("3", LogState::On),
            ("trace", LogState::On),
            ("linkerd", LogState::On),
            ("linkerd_app_inbound=info", LogState::On),
            ("off,linkerd_app_inbound::policy=debug", LogState::On),
            (
                "linkerd=info,linkerd=info,linkerd_app_outbound=off",
                LogState::On,
            ),
            ("linkerd=", LogState::On),
            ("warn", LogState::Off),
            ("error", LogState::Off),
            ("off", LogState::Off),
            ("2", LogState::Off),
            ("", LogState::Off),
            ("warn,linkerd2_proxy=info", LogState::Off),
            ("info,linkerd_app_inbound=warn", LogState::Off),
            ("linkerd=info,linkerd=warn", LogState::Off),
            ("linkerd=warn,linkerd=info", LogState::On),
            ("linkerd=loud", LogState::Off),
            // a blank spoils a directive
            ("warn, linkerd=info", LogState::Off),
            ("warn,linkerd=info ,x=info", LogState::Off),
            (
                "warn,linkerd_app_inbound::policy::http=info",
                LogState::Partial,
            ),
            (
                "warn,linkerd_app_inbound::policy::tcp=info",
                LogState::Partial,
            ),
            ("warn,linkerd[inbound]=info", LogState::Unknown),
            ("warn,[{client.ip=10.0.0.1}]=info", LogState::Unknown),
            ("warn,[inbound]=warn", LogState::Off),
            ("warn,hyper[conn]=info", LogState::Off),
        ];
        for (text, state) in table {
            assert_eq!(Filter::parse(text).decisions(), state, "{text}");
        }
    }

    #[test]
    fn headers_are_hidden_by_a_directive_and_shown_by_a_level() {
        let verbose = |text| Filter::parse(text).is_verbose();
        assert!(verbose("debug") && verbose("warn,linkerd=trace"));
        assert!(verbose("warn,linkerd_proxy_http=debug"));
        assert!(!verbose("warn,linkerd=info,hickory=debug"));
        assert!(!verbose("warn,linkerd[{headers}]=debug"));
        assert!(Filter::parse("debug,[{headers}]=off,[{request}]=off").hides_headers());
        assert!(!Filter::parse("debug,[{request}]=off").hides_headers());
        assert!(Filter::parse("warn").level_of("hyper") == Level::Warn);
    }
}
