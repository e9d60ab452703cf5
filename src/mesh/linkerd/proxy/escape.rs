//! Containers whose calls need not pass the proxy: those of its own user are let past, and those that
//! may change the network can take the redirection away.
//!
//! `linkerd/linkerd2-proxy-init: pkg/iptables/iptables.go` (ProxyUID, ProxyGID).

use super::Proxy;
use crate::k8s::node_at;
use crate::mesh::network::may_redirect;
use crate::model::{At, Because, Container, Setting, Workload};

impl Proxy<'_> {
    /// Those of a workload, each with the line by which it can.
    pub(super) fn escapes(&self, workload: &Workload) -> Vec<Setting> {
        let user = self.number("proxy-uid", "uid", Some(2102));
        let group = self.number("proxy-gid", "gid", None).filter(|&id| id >= 0);
        let own = |container: &&Container| {
            let proxy = self
                .container()
                .is_some_and(|proxy| proxy.at == container.at);
            proxy || container.name.starts_with("linkerd-")
        };
        // what ends before the application starts has done its work
        let stays = |container: &&Container| !container.init || container.sidecar;
        let settings = workload
            .containers
            .iter()
            .filter(stays)
            .filter(|one| !own(one));
        let setting = |container: &Container| {
            Some(Setting {
                name: "redirect_escape",
                value: container.name.to_string(),
                because: Because::Configured(self.escape(workload, container, user, group)?),
            })
        };
        settings.filter_map(setting).collect()
    }

    fn escape(
        &self,
        workload: &Workload,
        container: &Container,
        user: Option<i64>,
        group: Option<i64>,
    ) -> Option<At> {
        let own = At {
            resource: workload.resource,
            pointer: container.at.join("securityContext"),
        };
        let of_pod = workload.template_at("/spec/securityContext");
        let node = |at: &At| node_at(self.index, at);
        let runs_as = |field: &str, id: Option<i64>| {
            let places = [own.join(field), of_pod.join(field)];
            let written = places
                .into_iter()
                .find_map(|at| Some((node(&at)?.as_i64()?, at)));
            written
                .filter(|(written, _)| Some(*written) == id)
                .map(|(_, at)| at)
        };
        runs_as("runAsUser", user)
            .or_else(|| runs_as("runAsGroup", group))
            .or_else(|| may_redirect(self.index, workload, container))
    }

    /// The id that the proxy runs as: by an annotation, by the installation, or by default.
    fn number(&self, name: &str, field: &str, default: Option<i64>) -> Option<i64> {
        let annotated = self
            .annotation(name)
            .and_then(|(text, _)| text.parse().ok());
        let installed = || self.installed(&["proxy", field])?.0.as_i64();
        annotated.or_else(installed).or(default)
    }
}
