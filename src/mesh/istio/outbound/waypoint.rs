//! Which waypoint calls to a service or a pod pass.
//!
//! `istio/istio: pilot/pkg/serviceregistry/ambient/waypoints.go`.

use std::sync::Arc;

use super::service_entry::ServiceEntry;
use crate::k8s::Resource;
use crate::mesh::istio::Istio;
use crate::mesh::istio::authorization::Reader;
use crate::mesh::istio::crd::is_true;
use crate::mesh::istio::membership::Plane;
use crate::mesh::istio::policy::Object;
use crate::mesh::istio::proxies::{GATEWAY_API, Proxy};
use crate::model::{
    At, Because, Effect, Gate, Labels, Layer, Rule, Ruleset, Service, StringMatch, Test, Tri, When,
    Workload,
};

const USE: &str = "istio.io/use-waypoint";
const USE_NAMESPACE: &str = "istio.io/use-waypoint-namespace";
const CANARY: &str = "istio.io/use-waypoint-canary";
const CANARY_WEIGHT: &str = "istio.io/use-waypoint-canary-weight";
const FOR: &str = "istio.io/waypoint-for";
const INGRESS: &str = "istio.io/ingress-use-waypoint";

/// What is addressed: waypoints are for one, the other, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressed {
    /// A service.
    Service,
    /// A pod.
    Workload,
}

/// The waypoint that something asks for.
#[derive(Debug, Clone)]
pub enum Asked<'a> {
    /// It asks for none.
    None,
    /// It passes this one.
    Passes(&'a Proxy),
    /// It asks for one that is not there, or does not take it: calls go without.
    Missing(String, At),
}

impl Istio {
    /// The waypoint of a service; without an address of its own it is never what is dialled.
    /// `istio/ztunnel: src/proxy/outbound.rs` (build_request).
    pub fn waypoint_of_service(&self, service: &Service) -> Asked<'_> {
        if service.headless {
            return Asked::None;
        }
        let labels = &self.index.resource(service.resource).labels;
        let at = At::new(service.resource, "/metadata/labels");
        self.waypoint(&service.namespace, labels, &at, Addressed::Service)
    }

    /// The waypoint of pods that are dialled themselves.
    pub(super) fn waypoint_of_workload(&self, workload: &Workload) -> Asked<'_> {
        let at = workload.template_at("/metadata/labels");
        self.waypoint(
            &workload.namespace,
            &workload.labels,
            &at,
            Addressed::Workload,
        )
    }

    /// The waypoint of a ServiceEntry.
    pub(super) fn waypoint_of_entry(&self, entry: &Object<ServiceEntry>) -> Asked<'_> {
        let labels = &self.index.resource(entry.id).labels;
        let at = entry.at("/metadata/labels");
        self.waypoint(&entry.namespace, labels, &at, Addressed::Service)
    }

    fn waypoint(&self, namespace: &str, labels: &Labels, at: &At, to: Addressed) -> Asked<'_> {
        let of_namespace = self.index.namespace(namespace);
        let (labels, at) = match labels.contains_key(USE) {
            true => (Some(labels), at.clone()),
            false => (
                of_namespace.and_then(|n| n.labels.as_ref()),
                of_namespace.map_or_else(
                    || at.clone(),
                    |n| At::new(n.at.resource, "/metadata/labels"),
                ),
            ),
        };
        let Some((labels, name)) = labels.and_then(|l| Some((l, l.get(USE)?))) else {
            return Asked::None;
        };
        if &**name == "none" {
            return Asked::None;
        }
        let at = at.join(USE);
        let there = labels
            .get(USE_NAMESPACE)
            .map_or(namespace, |there| &**there);
        let found = self.proxies.of_gateway(there, name);
        let Some(proxy) = found.filter(|p| self.member(&p.pods).plane == Plane::Waypoint) else {
            let what = format!("there is no waypoint {there}/{name} in the input");
            return Asked::Missing(what, at);
        };
        if self.admits(proxy, namespace) == Tri::No {
            let what = format!("the waypoint {there}/{name} does not take it");
            return Asked::Missing(what, at);
        }
        let kind = self.traffic(proxy);
        let fits = match to {
            Addressed::Service => matches!(kind, "service" | "all"),
            Addressed::Workload => matches!(kind, "workload" | "all"),
        };
        match fits {
            true => Asked::Passes(proxy),
            false => Asked::None,
        }
    }

    /// The label by which a service asks for its waypoint.
    pub(super) fn use_of_waypoint(&self, service: &Service) -> At {
        let own = &self.index.resource(service.resource).labels;
        let namespace = self.index.namespace(&service.namespace);
        let resource = match (own.contains_key(USE), namespace) {
            (false, Some(namespace)) => namespace.at.resource,
            _ => service.resource,
        };
        At::new(resource, "/metadata/labels").join(USE)
    }

    /// That a share of the calls to a service passes another waypoint than its own.
    /// `istio/istio: pilot/pkg/serviceregistry/ambient/waypoints.go` (ResolveUseWaypointCanary).
    pub(super) fn other_waypoint(&self, service: &Service) -> Option<(String, At)> {
        let own = self.index.resource(service.resource);
        let namespace = self.index.namespace(&service.namespace);
        let inherited = namespace
            .filter(|n| n.labels.is_some() && !own.labels.contains_key(USE))
            .map(|n| self.index.resource(n.at.resource));
        let of_either = |map: fn(&Resource) -> &Labels, key| {
            let found = map(own).get(key);
            found.or_else(|| map(inherited?).get(key)).cloned()
        };
        let name = of_either(|r| &r.labels, CANARY)?;
        let weight = of_either(|r| &r.annotations, CANARY_WEIGHT)?;
        let some = !matches!(&*name, "" | "none") && weight.parse::<u8>().is_ok_and(|w| w > 0);
        some.then(|| {
            let what = format!("{weight} of 100 calls pass the waypoint {name} instead");
            (what, At::new(service.resource, "/metadata/labels"))
        })
    }

    /// What a waypoint is for: `service`, `workload`, `all` or `none`.
    fn traffic(&self, proxy: &Proxy) -> &str {
        let Some(named) = &proxy.gateway else {
            return "service";
        };
        let own = &self.index.resource(named.id).labels;
        let class = self
            .index
            .find(GATEWAY_API, "GatewayClass", None, &named.class);
        own.get(FOR)
            .or_else(|| self.index.resource(class?).labels.get(FOR))
            .map_or("service", |said| &**said)
    }

    /// Whether a waypoint takes what lies in a namespace.
    fn admits(&self, proxy: &Proxy, namespace: &str) -> Tri {
        let Some(gateway) = self.proxies.gateway(proxy) else {
            return Tri::No;
        };
        let own = Tri::from(*gateway.namespace == *namespace);
        let labels = self
            .index
            .namespace(namespace)
            .and_then(|n| n.labels.as_ref());
        let listeners = gateway.spec.listeners.iter();
        let mut listeners = listeners.filter(|l| l.protocol == "HBONE" && l.port == 15_008);
        listeners.next().map_or(own, |listener| {
            let from = &listener.allowed_routes.namespaces;
            match from.from.as_deref() {
                Some("All" | "Selector") => from.admit(&gateway.namespace, namespace, labels),
                _ => own,
            }
        })
    }

    /// The rules of a workload at the node's proxy, with the ALLOW that a switch of the control plane
    /// adds for its waypoints: it closes the ways around them.
    /// `istio/istio: pilot/pkg/serviceregistry/ambient/policies.go` (implicitWaypointPolicy).
    pub fn closed_but_for_waypoints(
        &self,
        workload: &Workload,
        shared: Arc<Ruleset>,
    ) -> Arc<Ruleset> {
        let revision = &self.member(workload).revision;
        let switch = "PILOT_AUTO_ALLOW_WAYPOINT_POLICY";
        let Some((true, at)) = self.config.of(revision).flag(switch) else {
            return shared;
        };
        let mut rules = Ruleset::clone(&shared);
        let services = self.index.services_of(workload.id);
        let asked = services.map(|service| self.waypoint_of_service(service));
        for asked in asked.chain([self.waypoint_of_workload(workload)]) {
            let Asked::Passes(proxy) = asked else {
                continue;
            };
            let name = self.identity_of(&proxy.pods).name;
            rules.rules.push(Rule {
                when: When::Is(Test::Identity(StringMatch::Exact(name)), at.clone()),
                then: Effect::Allow,
                at: at.clone(),
            });
            if rules.otherwise == Effect::Allow {
                rules.otherwise = Effect::Deny;
                rules.because = Because::Configured(at.clone());
            }
        }
        Arc::new(rules)
    }

    /// What a waypoint asks before its own rules where a switch of the control plane says so: the
    /// policies that select its pods, on connections.
    /// `istio/istio: pilot/pkg/networking/plugin/authz/authorization.go`
    /// (NewWaypointTerminationBuilder).
    pub(super) fn layer_before(&self, proxy: &Proxy) -> Option<Gate> {
        let revision = &self.member(&proxy.pods).revision;
        let switch = "ENABLE_LAYERED_WAYPOINT_AUTHORIZATION_POLICIES";
        let (true, _) = self.config.of(revision).flag(switch)? else {
            return None;
        };
        let gateway = proxy.gateway.as_ref();
        let policies = self.selecting_or_naming(&self.authorizations, &proxy.pods, gateway);
        let reader = Reader::Envoy(Layer::Tcp);
        let near = proxy.pods.resource;
        Some(Gate {
            routes: false,
            rules: self.shared_rules(&proxy.pods, policies, Vec::new(), reader, near),
            layer: Layer::Tcp,
            port: 15_008,
            rewrite: None,
        })
    }

    /// Whether gateways send what they take through a service's waypoint.
    pub fn ingress_uses_waypoint(&self, service: &Service) -> bool {
        let own = self.index.resource(service.resource).labels.get(INGRESS);
        let namespace = self.index.namespace(&service.namespace);
        let inherited = namespace.and_then(|n| n.labels.as_ref()?.get(INGRESS));
        own.or(inherited).is_some_and(|said| is_true(said))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::mesh::istio::sample::{Sample, compile, deployment};

    fn said(namespace: &str, labels: &str, weight: &str) -> Option<String> {
        let text = format!(
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: amb\n  \
             labels: {{istio.io/dataplane-mode: ambient, istio.io/use-waypoint: one{namespace}}}\n  \
             annotations: {{istio.io/use-waypoint-canary-weight: '40'}}\n---\n{}---\n\
             apiVersion: v1\nkind: Service\nmetadata:\n  name: api\n  namespace: amb\n  \
             labels: {{a: b{labels}}}\n  annotations: {{c: d{weight}}}\nspec: {{selector: {{app: api}}}}\n",
            deployment("amb", "api")
        );
        let Sample { index, istio, .. } = compile(&[("mesh.yaml", &text)]);
        let service = index.service_named("amb", "api").unwrap();
        istio.other_waypoint(service).map(|(what, _)| what)
    }

    #[test]
    fn a_share_of_the_calls() {
        let two = ", istio.io/use-waypoint-canary: two";
        let weight = ", istio.io/use-waypoint-canary-weight: '30'";
        let own = ", istio.io/use-waypoint: three";
        assert_eq!(said("", "", weight), None);
        assert_eq!(
            said("", two, weight).unwrap(),
            "30 of 100 calls pass the waypoint two instead"
        );
        assert_eq!(
            said(two, "", "").unwrap(),
            "40 of 100 calls pass the waypoint two instead"
        );
        assert_eq!(said(two, own, ""), None);
        assert_eq!(
            said("", two, ", istio.io/use-waypoint-canary-weight: '0'"),
            None
        );
    }
}
