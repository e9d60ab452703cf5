//! Small environments for unit tests.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use crate::k8s::Index;
use crate::mesh::consul::{Consul, compile};
use crate::model::{Decided, TlsOrigination, Way, Workload};

/// An environment and Consul in it.
pub struct Sample {
    pub index: Arc<Index>,
    pub consul: Consul,
}

impl Sample {
    /// Compiles files.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let (index, mut problems) = crate::mesh::sample::index(files);
        let consul = compile(&index, &mut problems).unwrap();
        Self { index, consul }
    }

    /// Compiles objects.
    pub fn objects(text: &str) -> Self {
        Self::of(&[("a.yaml", text)])
    }

    /// The same where Consul's settings are others.
    pub fn with(mut self, change: impl FnOnce(&mut Consul)) -> Self {
        change(&mut self.consul);
        self.consul.gateways = super::Gateways::find(&self.consul);
        self
    }

    /// The workload of a name.
    pub fn workload(&self, name: &str) -> &Workload {
        let mut all = self.index.workloads().iter();
        all.find(|workload| &*workload.name == name).unwrap()
    }

    /// The ways in to port 8080 of a workload.
    pub fn ways(&self, name: &str) -> Vec<Way> {
        self.consul
            .ways_from_gateways(self.workload(name), 8080, true)
    }

    /// Whether a request for a host is led to a workload, by the first of the ways that takes it.
    pub fn leads(&self, name: &str, host: &str, path: &str) -> Option<bool> {
        let ways = self.ways(name);
        let taken = ways.iter().map(|way| super::sample::takes(way, host, path));
        taken.reduce(|one, other| one || other)
    }
}

/// Whether the routes of a way take a request of which host and path are known.
pub fn takes(way: &Way, host: &str, path: &str) -> bool {
    way.all_gates().filter(|gate| gate.routes).all(|gate| {
        let mut rules = gate.rules.rules.iter();
        let first = rules.find(|rule| holds(&rule.when, host, path));
        first.is_some_and(|rule| rule.then == crate::model::Effect::Allow)
    })
}

fn holds(when: &crate::model::When, host: &str, path: &str) -> bool {
    use crate::model::{PathMatch, Test, When};
    match when {
        When::Always => true,
        When::Never => false,
        When::All(of) => of.iter().all(|when| holds(when, host, path)),
        When::Any(of) => of.iter().any(|when| holds(when, host, path)),
        When::Not(one) => !holds(one, host, path),
        When::Is(Test::Host(value), _) => value.matches(host),
        When::Is(Test::Path(PathMatch::Text(value)), _) => value.matches(path),
        When::Is(..) => false,
    }
}

/// An object of Consul's; `spec` are fields in braces.
pub fn object(kind: &str, name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: consul.hashicorp.com/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}, namespace: \
         shop}}\nspec: {spec}\n"
    )
}

/// A Deployment that asks for a proxy, and its Service.
pub fn service(name: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  template:\n    \
         metadata: {{labels: {{app: {name}}}, annotations: {{consul.hashicorp.com/connect-inject: 'true'}}}}\n    spec: \
         {{containers: [{{name: app, image: a, ports: [{{containerPort: 8080}}]}}]}}\n---\napiVersion: v1\nkind: \
         Service\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{selector: {{app: {name}}}, ports: [{{port: \
         8080}}]}}\n"
    )
}

/// The protocol of services.
pub fn http(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| object("ServiceDefaults", name, "{protocol: http}"))
        .collect()
}

/// What clients send to each of some ways.
pub fn sent(ways: &[Way]) -> Vec<TlsOrigination> {
    ways.iter().map(|way| way.sends.value).collect()
}

/// A gateway of the chart.
pub fn chart(consul: &mut Consul, name: &str, kind: &str, ports: &[u16]) {
    let at = consul.config.neutral.at.clone();
    consul
        .config
        .gateways
        .push(crate::mesh::consul::settings::ChartGateway {
            kind: "ingress",
            name: name.into(),
            service: Decided::configured(kind.to_owned(), at.clone()),
            at,
            ports: ports.to_vec(),
        });
}
