//! What a proxy writes: its own log, and the access log.

use super::Proxy;
use crate::mesh::linkerd::membership::annotation::misplaced;
use crate::mesh::linkerd::membership::is_template;
use crate::mesh::linkerd::proxy::filter::Filter;
use crate::mesh::linkerd::settings::is_log_format;
use crate::model::{Because, Setting, Workload};

/// The filter of the proxy's own log, as the proxy gets it.
const LOG: &str = "LINKERD2_PROXY_LOG";

/// The format of the access log, as the proxy gets it.
const ACCESS_LOG: &str = "LINKERD2_PROXY_ACCESS_LOG";

/// The filter of the proxy's own log.
struct Own {
    filter: String,
    because: Because,
    /// What lets headers be written, where anything does.
    headers: Option<Because>,
    /// Whether the proxy gets the filter as it is, and nothing behind it.
    whole: bool,
}

impl Proxy<'_> {
    /// What is set about logs.
    pub(super) fn log(&self) -> Vec<Setting> {
        let access = self.access_log().and_then(|(value, because)| {
            let invalid = !value.is_empty() && !is_log_format(&value) && !is_template(&value);
            invalid.then_some(Setting {
                name: "invalid_access_log",
                value,
                because,
            })
        });
        let own = self.own_log().filter(|own| !is_template(&own.filter));
        own.map(settings)
            .unwrap_or_default()
            .into_iter()
            .chain(access)
            .collect()
    }

    /// The format of the access log as it is written; empty is off. Nothing where it is not known.
    pub fn access_log(&self) -> Option<(String, Because)> {
        let environment = self.environment();
        if let Some((value, at)) = environment.get(ACCESS_LOG) {
            return Some((value.clone(), Because::Configured(at.clone())));
        }
        if self.container().is_some() {
            let value = self.of_container(ACCESS_LOG);
            return Some(value.unwrap_or_else(|| (String::new(), self.near_container())));
        }
        self.text("access-log", &self.config.access_log)
    }

    /// What switches the proxy's logs off as a whole, the access log among them: a filter that says
    /// nothing else. `linkerd/linkerd2-proxy: linkerd/tracing/src/lib.rs`.
    pub fn silenced(&self) -> Option<Because> {
        let own = self.own_log().filter(|own| own.whole)?;
        let off = own.filter.trim().eq_ignore_ascii_case("off");
        off.then_some(own.because)
    }

    fn own_log(&self) -> Option<Own> {
        let environment = self.environment();
        let written = environment.get(LOG);
        let written = written.map(|(value, at)| (value.clone(), Because::Configured(at.clone())));
        if let Some((filter, because)) = written.or_else(|| self.of_container(LOG)) {
            // one that stays silent about headers has not asked for them
            let parsed = Filter::parse(&filter);
            let written = parsed.is_verbose() && !parsed.hides_headers();
            return Some(Own {
                headers: written.then(|| because.clone()),
                filter,
                because,
                whole: true,
            });
        }
        if self.container().is_some() {
            return None;
        }
        let (filter, because) = self.text("proxy-log-level", &self.config.log_level)?;
        let headers = self.text("proxy-log-http-headers", &self.config.log_headers);
        let insecure = headers.filter(|(value, _)| value == "insecure");
        Some(Own {
            filter,
            because,
            whole: insecure.is_some(),
            headers: insecure.map(|(_, because)| because),
        })
    }

    /// A line that asks for an access log where nobody looks, of a workload that has none.
    pub(super) fn misplaced_access_log(&self, workload: &Workload) -> Option<Setting> {
        let (value, because) = self.access_log()?;
        let key = "config.linkerd.io/access-log";
        // an empty one is meant so
        let silent = value.is_empty() && !because.is_configured();
        let at = misplaced(self.index, workload, key, &is_log_format).filter(|_| silent)?;
        Some(Setting {
            name: "misplaced_access_log",
            value: key.to_owned(),
            because: Because::Configured(at),
        })
    }
}

fn settings(own: Own) -> Vec<Setting> {
    let filter = Filter::parse(&own.filter);
    let headers = own.headers.map(|because| Setting {
        name: "header_logging",
        value: match filter.is_verbose() {
            true => "written",
            false => "permitted",
        }
        .to_owned(),
        because,
    });
    let decisions = Setting {
        name: "decision_log",
        value: filter.decisions().name().to_owned(),
        because: own.because.clone(),
    };
    let level = Setting {
        name: "proxy_log_level",
        value: own.filter,
        because: own.because,
    };
    [level, decisions].into_iter().chain(headers).collect()
}
