//! The access log of a proxy.
//!
//! `linkerd/linkerd2-proxy: linkerd/tracing/src/access_log.rs`. It has a line for each request that
//! comes in; of what is not read as HTTP it knows nothing.

use super::Linkerd;
use super::membership::is_template;
use super::settings::is_log_format;
use crate::model::{AccessLog, Because, LogState, Workload};

impl Linkerd {
    /// The access log of a workload.
    pub(super) fn log_of(&self, workload: &Workload) -> AccessLog {
        let unknown = |near| AccessLog {
            state: LogState::Unknown,
            because: Because::Assumed {
                what:
                    "an annotation of its namespace may set the access log, and is not in the input"
                        .to_owned(),
                near,
            },
            assumed: false,
            format: None,
            lacks: None,
        };
        let Some((value, because)) = self.proxy(workload).access_log() else {
            return unknown(workload.at());
        };
        if is_template(&value) {
            return unknown(because.at().clone());
        }
        let on = is_log_format(&value);
        AccessLog {
            state: match on {
                true => LogState::On,
                false => LogState::Off,
            },
            assumed: matches!(because, Because::Assumed { .. }),
            format: match &because {
                Because::Configured(at) if on => Some((value.to_ascii_lowercase(), at.clone())),
                _ => None,
            },
            because,
            lacks: None,
        }
    }
}
