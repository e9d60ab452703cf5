//! The access log of a proxy.
//!
//! `linkerd/linkerd2-proxy: linkerd/tracing/src/access_log.rs`.

use super::Linkerd;
use super::annotation::Annotations;
use super::settings::is_log_format;
use crate::model::{AccessLog, Because, Decided, LogState, Workload};

impl Linkerd {
    /// The access log of a workload.
    pub(super) fn log_of(&self, workload: &Workload) -> AccessLog {
        let annotations = Annotations::of(&self.index, workload);
        let value = match annotations.config("access-log") {
            Some((value, at)) => Decided::configured(value.to_owned(), at),
            None => self.config.access_log.clone(),
        };
        let on = is_log_format(&value.value);
        let unknown = annotations.may_inherit("access-log");
        AccessLog {
            state: match (on, unknown) {
                (_, true) => LogState::Unknown,
                (true, false) => LogState::On,
                (false, false) => LogState::Off,
            },
            assumed: matches!(value.because, Because::Assumed { .. }),
            format: match &value.because {
                Because::Configured(at) if on => {
                    Some((value.value.to_ascii_lowercase(), at.clone()))
                }
                _ => None,
            },
            because: value.because,
            lacks: None,
        }
    }
}
