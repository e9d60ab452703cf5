//! Where calls end up.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use super::{Chains, Target};
use crate::k8s::Index;
use crate::mesh::consul::entry::Entries;
use crate::mesh::consul::service::Name;
use crate::mesh::consul::settings;
use crate::model::{At, Effect, HeaderChange, PathRewrite, ResourceId};

/// An environment with its entries.
struct Sample {
    index: Arc<Index>,
    chains: Chains,
}

fn sample(files: &[(&str, &str)]) -> Sample {
    let (index, mut problems) = crate::mesh::sample::index(files);
    let config = settings::read(&index, At::new(ResourceId(0), ""), &mut problems);
    let entries = Entries::read(&index, &config, &mut problems);
    let chains = Chains::read(&index, &entries);
    Sample { index, chains }
}

fn objects(text: &str) -> Sample {
    sample(&[("a.yaml", text)])
}

fn name(name: &str) -> Name {
    Name {
        namespace: "default".into(),
        name: name.into(),
    }
}

/// An object of Consul's; `spec` are fields in braces.
fn object(kind: &str, name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: consul.hashicorp.com/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}, namespace: \
         shop}}\nspec: {spec}\n"
    )
}

fn http(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| object("ServiceDefaults", name, "{protocol: http}"))
        .collect()
}

fn names(targets: &[Target]) -> Vec<String> {
    targets
        .iter()
        .map(|target| target.service.name.to_string())
        .collect()
}

#[test]
fn who_has_no_chain_answers_himself() {
    let sample = objects(&http(&["web"]));
    let targets = sample.chains.targets(&name("web"));
    assert_eq!(names(&targets), ["web"]);
    assert!(
        targets
            .iter()
            .all(|target| target.gates.is_empty() && target.because.is_empty())
    );
}

#[test]
fn a_redirect_leads_away_from_the_name() {
    let sample = objects(&object(
        "ServiceResolver",
        "web",
        "{redirect: {service: api}}",
    ));
    let targets = sample.chains.targets(&name("web"));
    assert_eq!(names(&targets), ["api"]);
    let because: Vec<String> = targets[0]
        .because
        .iter()
        .map(|at| sample.index.address(at))
        .collect();
    assert_eq!(
        because,
        ["ServiceResolver.consul.hashicorp.com/shop/web#/spec/redirect"]
    );
}

#[test]
fn redirects_follow_each_other() {
    let text = object("ServiceResolver", "a", "{redirect: {service: b}}")
        + &object("ServiceResolver", "b", "{redirect: {service: c}}");
    let sample = objects(&text);
    assert_eq!(names(&sample.chains.targets(&name("a"))), ["c"]);
}

#[test]
fn redirects_in_a_circle_are_left_open() {
    let text = object("ServiceResolver", "a", "{redirect: {service: b}}")
        + &object("ServiceResolver", "b", "{redirect: {service: a}}");
    let targets = objects(&text).chains.targets(&name("a"));
    assert!(targets.iter().all(|target| !target.needs.is_empty()));
}

#[test]
fn a_peer_is_no_service_of_the_cluster() {
    let sample = objects(&object(
        "ServiceResolver",
        "web",
        "{redirect: {service: api, peer: other}}",
    ));
    assert!(sample.chains.targets(&name("web")).is_empty());
}

#[test]
fn calls_may_fail_over() {
    let text = object(
        "ServiceResolver",
        "web",
        "{failover: {'*': {service: spare}}}",
    );
    assert_eq!(
        names(&objects(&text).chains.targets(&name("web"))),
        ["web", "spare"]
    );
    let text = object(
        "ServiceResolver",
        "web",
        "{failover: {'*': {targets: [{service: spare}, {service: far, peer: other}, {service: away, datacenter: dc2}]}}}",
    );
    assert_eq!(
        names(&objects(&text).chains.targets(&name("web"))),
        ["web", "spare"]
    );
}

#[test]
fn failover_is_not_followed_further() {
    let text = object(
        "ServiceResolver",
        "web",
        "{failover: {'*': {service: spare}}}",
    ) + &object(
        "ServiceResolver",
        "spare",
        "{failover: {'*': {service: last}}}",
    );
    assert_eq!(
        names(&objects(&text).chains.targets(&name("web"))),
        ["web", "spare"]
    );
}

#[test]
fn a_splitter_leads_to_all_that_have_weight() {
    let text = http(&["web", "new", "off"])
        + &object(
            "ServiceSplitter",
            "web",
            "{splits: [{weight: 99.5}, {weight: 0.5, service: new}, {weight: 0, service: off}]}",
        );
    assert_eq!(
        names(&objects(&text).chains.targets(&name("web"))),
        ["web", "new"]
    );
}

#[test]
fn splitters_are_for_http_only() {
    let text = object(
        "ServiceSplitter",
        "web",
        "{splits: [{weight: 100, service: new}]}",
    );
    assert_eq!(names(&objects(&text).chains.targets(&name("web"))), ["web"]);
}

#[test]
fn splitters_of_splitters_are_followed() {
    let text = http(&["web", "mid", "end"])
        + &object(
            "ServiceSplitter",
            "web",
            "{splits: [{weight: 100, service: mid, requestHeaders: {set: {x-a: outer}}}]}",
        )
        + &object(
            "ServiceSplitter",
            "mid",
            "{splits: [{weight: 100, service: end, requestHeaders: {set: {x-a: inner}}}]}",
        );
    let targets = objects(&text).chains.targets(&name("web"));
    assert_eq!(names(&targets), ["end"]);
    let rewrite = targets[0].gates[0].rewrite.clone().unwrap();
    assert_eq!(rewrite.headers, [HeaderChange::set("x-a", "inner")]);
}

const ROUTED: &str = "{routes: [{match: {http: {pathPrefix: /admin}}, destination: {service: admin, prefixRewrite: \
                      /}}]}";

#[test]
fn a_router_leads_some_requests_elsewhere_and_all_others_to_itself() {
    let text = http(&["web", "admin"]) + &object("ServiceRouter", "web", ROUTED);
    let targets = objects(&text).chains.targets(&name("web"));
    assert_eq!(names(&targets), ["admin", "web"]);
    let effects = |target: &Target| -> Vec<Effect> {
        let rules = target.gates[0].rules.rules.iter();
        rules.map(|rule| rule.then.clone()).collect()
    };
    assert_eq!(effects(&targets[0]), [Effect::Allow, Effect::Deny]);
    assert_eq!(effects(&targets[1]), [Effect::Deny, Effect::Allow]);
    let rewrite = targets[0].gates[0].rewrite.clone().unwrap();
    let prefix = PathRewrite::Prefix {
        from: "/admin".into(),
        to: "/".into(),
    };
    assert_eq!(rewrite.path, Some(prefix));
}

#[test]
fn routers_are_for_http_only() {
    let targets = objects(&object("ServiceRouter", "web", ROUTED))
        .chains
        .targets(&name("web"));
    assert_eq!(names(&targets), ["web"]);
    assert!(targets[0].gates.is_empty());
}

#[test]
fn gateways_do_not_look_at_the_router_of_a_service() {
    let text = http(&["web", "admin"]) + &object("ServiceRouter", "web", ROUTED);
    let branches = objects(&text).chains.branches(&name("web"));
    assert_eq!(branches.len(), 1);
    assert_eq!(branches[0].service, name("web"));
}

#[test]
fn files_of_hcl_say_the_same() {
    let defaults = "Kind = \"service-defaults\"\nName = \"web\"\nProtocol = \"http\"\n";
    let other = "Kind = \"service-defaults\"\nName = \"admin\"\nProtocol = \"http\"\n";
    let router = "Kind = \"service-router\"\nName = \"web\"\nRoutes = [ { Match { HTTP { PathExact = \"/x\" } } \
                  Destination { Service = \"admin\" } } ]\n";
    let sample = sample(&[("a.hcl", defaults), ("b.hcl", other), ("c.hcl", router)]);
    assert_eq!(
        names(&sample.chains.targets(&name("web"))),
        ["admin", "web"]
    );
}

#[test]
fn services_of_different_protocols_are_not_joined() {
    let text = http(&["api"]) + &object("ServiceResolver", "web", "{redirect: {service: api}}");
    let targets = objects(&text).chains.targets(&name("web"));
    assert_eq!(names(&targets), ["api", "web"]);
    assert!(targets.iter().all(|target| !target.needs.is_empty()));
}

const PODS: &str = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec:\n  \
                    template:\n    metadata: {annotations: {consul.hashicorp.com/service-meta-version: v1}}\n    spec: \
                    {containers: [{name: app, image: a}]}\n";

#[test]
fn a_subset_has_the_pods_that_its_filter_takes() {
    for (filter, leads) in [("v1", 1), ("v2", 0)] {
        let spec = format!(
            "{{defaultSubset: s, subsets: {{s: {{filter: 'Service.Meta.version == {filter}'}}}}}}"
        );
        let sample = objects(&(PODS.to_owned() + &object("ServiceResolver", "web", &spec)));
        let workload = &sample.index.workloads()[0];
        let found = sample
            .chains
            .leading_to(&sample.index, &name("web"), workload);
        assert_eq!(found.len(), leads, "{filter}");
        assert!(found.iter().all(|one| one.needs.is_empty()));
    }
}

#[test]
fn a_filter_that_is_not_understood_is_left_open() {
    let spec = "{defaultSubset: s, subsets: {s: {filter: '\"x\" in Service.Tags'}}}";
    let sample = objects(&(PODS.to_owned() + &object("ServiceResolver", "web", spec)));
    let workload = &sample.index.workloads()[0];
    let found = sample
        .chains
        .leading_to(&sample.index, &name("web"), workload);
    assert_eq!(found[0].needs.len(), 1);
}

#[test]
fn a_name_that_leads_elsewhere_does_not_lead_to_its_own_service() {
    let text = PODS.to_owned() + &object("ServiceResolver", "web", "{redirect: {service: api}}");
    let sample = objects(&text);
    let workload = &sample.index.workloads()[0];
    let leading = |service: &str| -> Vec<String> {
        let found = sample
            .chains
            .leading_to(&sample.index, &name(service), workload);
        found
            .iter()
            .map(|one| one.dialled.name.to_string())
            .collect()
    };
    assert!(leading("web").is_empty());
    assert_eq!(leading("api"), ["api", "web"]);
}

#[test]
fn a_subset_that_is_not_defined_is_left_open() {
    let router = "{routes: [{destination: {service: web, serviceSubset: none}}]}";
    let text = http(&["web"]) + &object("ServiceRouter", "web", router);
    let targets = objects(&text).chains.targets(&name("web"));
    assert_eq!(names(&targets), ["web"]);
    // whether the router is refused or not, calls go to the service
    assert!(targets[0].needs.is_empty());
    let splitter = "{splits: [{weight: 100, serviceSubset: none}]}";
    let text = http(&["web"]) + &object("ServiceSplitter", "web", splitter);
    let targets = objects(&text).chains.targets(&name("web"));
    assert_eq!(targets[0].needs.len(), 1);
}
