//! Services that files register outside Kubernetes, and the proxies before them.
//!
//! `hashicorp/consul: agent/structs/service_definition.go`, `agent/structs/connect_proxy_config.go`.

use super::capture::{Opened, exposed_paths};
use super::service::{Name, Registration};
use super::settings::Config;
use super::upstream::Upstream;
use super::written::Written;
use crate::k8s::Index;
use crate::model::{At, Because, Decided, Membership, Workload};
use crate::syntax::Consul;

/// What the registration of a service says, and that of its proxy.
#[derive(Debug)]
pub struct Own {
    /// The registration.
    pub at: At,
    /// Whether it is in the mesh.
    pub membership: Decided<Membership>,
    /// Whether the application speaks for itself, without a proxy.
    pub native: bool,
    /// Which sort of gateway it is, if it is one: `ingress-gateway`.
    pub gateway: Option<String>,
    /// Whether all connections are led through its proxy.
    pub transparent: Decided<bool>,
    /// Where its proxy is described, in each place that does.
    proxies: Vec<At>,
}

impl Own {
    /// Reads the registration of a workload; nothing of a workload of Kubernetes.
    pub fn read(index: &Index, workload: &Workload) -> Option<Self> {
        index.node(workload.resource).document().consul()?;
        let at = workload.template_at("");
        let written = Written::own(index, at.clone())?;
        let connect = written.get("connect");
        let sidecar = connect.as_ref().and_then(|it| it.get("sidecarService"));
        let native = connect.as_ref().filter(|it| it.is_on("native"));
        let kind = written
            .text("kind")
            .filter(|kind| kind.ends_with("-gateway"));
        let name = written.text("name").unwrap_or("");
        let apart: Vec<At> = proxies_for(index, name, written.text("id"));
        let because = sidecar
            .as_ref()
            .map(|it| it.at().clone())
            .or_else(|| native.map(|it| it.field("native")))
            .or_else(|| kind.map(|_| written.field("kind")))
            .or_else(|| apart.first().cloned());
        let membership = match because {
            Some(at) => Decided::configured(Membership::Meshed, at),
            None => Decided::configured(Membership::Unmeshed, written.field("name")),
        };
        let mut proxies: Vec<At> = sidecar
            .iter()
            .filter_map(|it| Some(it.get("proxy")?.at().clone()))
            .collect();
        proxies.extend(
            apart
                .iter()
                .filter_map(|at| Some(Written::own(index, at.clone())?.get("proxy")?.at().clone())),
        );
        proxies.extend(kind.and_then(|_| Some(written.get("proxy")?.at().clone())));
        let mode = proxies
            .iter()
            .find_map(|at| Written::own(index, at.clone())?.get("mode"));
        let transparent = match mode {
            Some(mode) => {
                Decided::configured(mode.as_text() == Some("transparent"), mode.at().clone())
            }
            None => Decided::default(
                false,
                "Consul leads no connections through a proxy by itself",
                membership.because.at().clone(),
            ),
        };
        Some(Self {
            native: native.is_some(),
            gateway: kind.map(str::to_owned),
            transparent,
            membership,
            proxies,
            at,
        })
    }

    /// What it is registered as.
    pub fn registration(&self, index: &Index, workload: &Workload) -> Option<Registration> {
        let written = Written::own(index, self.at.clone())?;
        let port = written.port("port");
        Some(Registration {
            name: Name {
                namespace: written.text("namespace").unwrap_or("default").into(),
                name: written.text("name").unwrap_or(&workload.name).into(),
            },
            because: Because::Configured(written.field("name")),
            port: port.map(|port| Decided::configured(port, written.field("port"))),
            service: None,
        })
    }

    fn proxies<'a>(&'a self, index: &'a Index) -> impl Iterator<Item = Written<'a>> {
        let all = self.proxies.iter();
        all.filter_map(|at| Written::own(index, at.clone()))
    }

    /// `proxy.config`.
    pub fn proxy_config<'a>(&'a self, index: &'a Index) -> Option<Written<'a>> {
        self.proxies(index).find_map(|proxy| proxy.get("config"))
    }

    /// `proxy.config`, and those of the services that its proxy leads calls to.
    pub fn configs<'a>(&'a self, index: &'a Index) -> Vec<Written<'a>> {
        let mut all = Vec::new();
        for proxy in self.proxies(index) {
            all.extend(proxy.get("config"));
            let upstreams = proxy.each("upstreams");
            all.extend(upstreams.iter().filter_map(|one| one.get("config")));
        }
        all
    }

    /// The configuration of its upstreams that lead to a service.
    pub fn configs_of<'a>(
        &'a self,
        index: &'a Index,
        service: &Name,
        config: &Config,
    ) -> Vec<Written<'a>> {
        let lists = self.proxies(index).map(|proxy| proxy.each("upstreams"));
        let named = lists
            .flatten()
            .filter(|one| Upstream::of_own(one, config).is_some_and(|one| one.service == *service));
        named.filter_map(|one| one.get("config")).collect()
    }

    /// The ports that its proxy opens for single paths.
    pub fn exposed(&self, index: &Index) -> Vec<Opened> {
        let expose = self.proxies(index).filter_map(|proxy| proxy.get("expose"));
        expose.flat_map(|written| exposed_paths(&written)).collect()
    }

    /// The services that its proxy leads calls to.
    pub fn upstreams(&self, index: &Index, config: &Config) -> Vec<Upstream> {
        let lists = self.proxies(index).map(|proxy| proxy.each("upstreams"));
        lists
            .flatten()
            .filter_map(|written| Upstream::of_own(&written, config))
            .collect()
    }
}

/// Registrations of their own that are the proxy of a service.
fn proxies_for(index: &Index, name: &str, id: Option<&str>) -> Vec<At> {
    let all = registrations(index).into_iter().filter(|written| {
        let proxy = written.get("proxy");
        let is = |key, wanted: Option<&str>| {
            let said = proxy.as_ref().and_then(|it| it.text(key));
            said.is_some() && said == wanted
        };
        let by_id = || match proxy
            .as_ref()
            .and_then(|it| it.text("destinationServiceId"))
        {
            Some(said) => Some(said) == id.or(Some(name)),
            None => is("destinationServiceName", Some(name)),
        };
        written.text("kind") == Some("connect-proxy") && by_id()
    });
    all.map(|written| written.at().clone()).collect()
}

/// All registrations in files.
pub fn registrations(index: &Index) -> Vec<Written<'_>> {
    let files = index.values().iter().filter(|&&id| {
        let kind = index.node(id).document().consul();
        matches!(kind, Some(Consul::Registration | Consul::Agent))
    });
    let whole = files.filter_map(|&id| Written::own(index, At::new(id, "")));
    whole
        .flat_map(|file| {
            let mut all = file.each("service");
            all.extend(file.each("services"));
            all
        })
        .collect()
}
