//! Containers whose calls need not pass the proxy: those of users whose calls are let past it, and
//! those that may change the network and so take the redirection away.
//!
//! `hashicorp/consul-k8s: control-plane/connect-inject/webhook/redirect_traffic.go`,
//! `control-plane/connect-inject/webhook/container_init.go` (sidecarUserAndGroupID).

use super::setting;
use crate::k8s::node_at;
use crate::mesh::consul::Consul;
use crate::mesh::consul::annotation;
use crate::mesh::network::may_redirect;
use crate::model::{At, Container, Setting, Workload};

/// The users of the proxy and of the container that prepares it.
const OWN: [i64; 2] = [5995, 5996];

/// The proxy itself, where it is there already.
const PROXY: &str = "consul-dataplane";

impl Consul {
    /// Those of a workload, each with the line by which it can; and users that are let past of whom
    /// it is not known whether a container runs as one.
    pub(super) fn escapes(&self, workload: &Workload) -> Vec<Setting> {
        let stays = |one: &&Container| (!one.init || one.sidecar) && &*one.name != PROXY;
        let containers: Vec<&Container> = workload.containers.iter().filter(stays).collect();
        let users: Vec<Option<(i64, At)>> = containers
            .iter()
            .map(|container| self.user(workload, container))
            .collect();
        let mut all = Vec::new();
        for (container, user) in containers.iter().zip(&users) {
            if let Some(at) = self.escape(workload, container, user.as_ref()) {
                all.push(setting("redirect_escape", &*container.name, at));
            }
        }
        let is_user = |id: i64| users.iter().flatten().any(|(user, _)| *user == id);
        let open = users.iter().any(Option::is_none);
        let listed = annotation::items(workload, "transparent-proxy-exclude-uids").into_iter();
        let unused = listed.filter(|(text, _)| open && !text.parse().is_ok_and(is_user));
        all.extend(unused.map(|(text, at)| setting("skipped_user", text, at)));
        all
    }

    fn escape(
        &self,
        workload: &Workload,
        container: &Container,
        user: Option<&(i64, At)>,
    ) -> Option<At> {
        let listed = annotation::items(workload, "transparent-proxy-exclude-uids");
        let of_user = || {
            let (id, at) = user?;
            let excluded = listed.iter().find(|(text, _)| text.parse() == Ok(*id));
            let own = OWN.contains(id).then_some(at);
            excluded.map(|(_, at)| at).or(own).cloned()
        };
        of_user().or_else(|| may_redirect(&self.index, workload, container))
    }

    /// The user that a container runs as, as far as the pod says so, and not its image.
    fn user(&self, workload: &Workload, container: &Container) -> Option<(i64, At)> {
        let own = At {
            resource: workload.resource,
            pointer: container.at.join("securityContext").join("runAsUser"),
        };
        let of_pod = workload.template_at("/spec/securityContext/runAsUser");
        let mut places = [own, of_pod].into_iter();
        places.find_map(|at| Some((node_at(&self.index, &at)?.as_i64()?, at)))
    }
}
