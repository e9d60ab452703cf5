//! The access log of a proxy.
//!
//! `linkerd/linkerd2-proxy: linkerd/tracing/src/access_log.rs`. It has a line for each request that
//! comes in; of what is not read as HTTP it knows nothing.

use super::Linkerd;
use super::membership::is_template;
use super::port;
use super::settings::is_log_format;
use crate::model::{AccessLog, At, Because, LogState, Missing, Protocol, Workload};

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
        let proxy = self.proxy(workload);
        let Some((value, because)) = proxy.access_log() else {
            return unknown(workload.at());
        };
        let silenced = proxy.silenced().filter(|_| is_log_format(&value));
        let (value, because) = match silenced {
            Some(because) => (String::new(), because),
            None => (value, because),
        };
        if is_template(&value) {
            return unknown(because.at().clone());
        }
        let on = is_log_format(&value);
        let format = match &because {
            Because::Configured(at) if on => Some((value.to_ascii_lowercase(), at.clone())),
            _ => None,
        };
        let streams = self.streams(workload);
        let (state, because, lacks) = match (on, streams) {
            (true, Some((_, Some(line)))) => {
                let because = Because::Configured(line);
                (LogState::Partial, because, Some(Missing::Streams))
            }
            (true, _) => (LogState::On, because, None),
            (false, Some((true, _))) => (LogState::Off, because, Some(Missing::Streams)),
            (false, _) => (LogState::Off, because, None),
        };
        AccessLog {
            state,
            assumed: matches!(because, Because::Assumed { .. }),
            format,
            because,
            lacks,
        }
    }

    /// Where the proxy reads no requests: whether on all ports that the containers declare, and the
    /// first line that makes it so on a port which is not usually like that.
    fn streams(&self, workload: &Workload) -> Option<(bool, Option<At>)> {
        let ports = workload.containers.iter().flat_map(|one| &one.ports);
        let ports = ports.filter(|port| port.protocol == Protocol::Tcp);
        let read: Vec<_> = ports
            .map(|port| (port.number, self.protocol(workload, port.number)))
            .collect();
        let (streams, requests): (Vec<_>, Vec<_>) = read
            .into_iter()
            .partition(|(_, protocol)| matches!(protocol.value, "tcp" | "tls"));
        let usual = port::spelled(port::USUALLY_OPAQUE);
        let unusual = streams
            .iter()
            .find_map(|(number, protocol)| match &protocol.because {
                Because::Configured(at) if !port::contains(&usual, *number) => Some(at.clone()),
                _ => None,
            });
        (!streams.is_empty()).then_some((requests.is_empty(), unusual))
    }
}

#[cfg(test)]
mod tests {
    use crate::mesh::Mesh;
    use crate::mesh::linkerd::sample::{compile, deployment, namespace, settings};
    use crate::model::{LogState, Missing};

    /// What is logged of a workload with these ports, and at which line.
    fn log(annotations: &str, ports: &[u16]) -> (LogState, Option<Missing>, String) {
        let ports: Vec<_> = ports
            .iter()
            .map(|port| format!("{{containerPort: {port}}}"))
            .collect();
        let spec = format!(
            "containers: [{{name: app, image: a, ports: [{}]}}]",
            ports.join(", ")
        );
        let inject = "linkerd.io/inject: enabled";
        let text = settings("proxy: {}")
            + &namespace("shop", &format!(", annotations: {{{inject}}}"))
            + &deployment(
                "shop",
                "api",
                &format!("annotations: {{{annotations}}}"),
                &spec,
            );
        let sample = compile(&[("a.yaml", &text)]);
        let log = sample.linkerd.access_log(sample.workload("shop/api"));
        let at = sample.address(log.because.at());
        let key = at
            .rsplit_once("~1")
            .map_or(at.as_str(), |(_, key)| key)
            .to_owned();
        (log.state, log.lacks, key)
    }

    const ON: &str = "config.linkerd.io/access-log: json";
    const OPAQUE: &str = "config.linkerd.io/opaque-ports: \"9000,5432\"";

    #[test]
    fn what_the_proxy_does_not_read_as_requests_is_in_no_log() {
        let both = format!("{ON}, {OPAQUE}");
        assert_eq!(
            log(ON, &[8080]),
            (LogState::On, None, "access-log".to_owned())
        );
        let line = "opaque-ports".to_owned();
        assert_eq!(
            log(&both, &[8080, 9000]),
            (LogState::Partial, Some(Missing::Streams), line)
        );
        // nobody expects a database to speak HTTP
        assert_eq!(log(&both, &[8080, 5432]).0, LogState::On);
        assert_eq!(log(ON, &[3306]).0, LogState::On);
        // and where there are no requests, no log is missed
        assert_eq!(log("", &[3306]).1, Some(Missing::Streams));
        assert_eq!(log(OPAQUE, &[9000, 5432]).1, Some(Missing::Streams));
        assert_eq!(log(OPAQUE, &[9000, 8080]).1, None);
        assert_eq!(log("", &[]).1, None);
    }
}
