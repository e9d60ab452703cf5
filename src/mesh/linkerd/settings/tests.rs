#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::model::{Because, Place, ProblemKind};
use crate::render;
use crate::syntax::parse;
use crate::text::{SourceFile, Sources};

/// The settings of an environment.
struct Sample {
    index: Index,
    config: Config,
    problems: Vec<Problem>,
}

/// The settings that files hold, beside a workload.
fn read_files(files: &[(&str, &str)]) -> Sample {
    let mut sources = Sources::default();
    let mut documents = Vec::new();
    let pod =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: api, namespace: shop}\nspec: {containers: []}";
    for (name, text) in files.iter().chain([&("pod.yaml", pod)]) {
        let file = sources.add(SourceFile::new(*name, *text));
        let (mut read, _) = parse(file, sources.get(file));
        assert!(render::embedded::attach(|id| sources.get(id), &mut read).is_empty());
        documents.extend(read);
    }
    let render::Sorted { environments, .. } = render::environments(
        &render::Guide::default(),
        &sources,
        &mut documents,
        Vec::new(),
        &render::Rendered::default(),
    );
    let (index, _) = Index::build(
        environments.first().unwrap(),
        std::sync::Arc::new(documents),
    );
    let mut problems = Vec::new();
    let near = index.workloads().first().unwrap().at();
    let config = super::read(&index, near, &mut problems);
    Sample {
        index,
        config,
        problems,
    }
}

fn with(text: &str) -> Sample {
    read_files(&[("linkerd.yaml", text)])
}

impl Sample {
    fn address<T>(&self, decided: &Decided<T>) -> String {
        self.index.address(decided.because.at())
    }

    /// Where something was not understood.
    fn reported(&self) -> Vec<String> {
        let at = |problem: &Problem| match &problem.place {
            Place::At(at) => self.index.address(at),
            _ => String::new(),
        };
        let incomplete = |p: &&Problem| p.kind == ProblemKind::NotUnderstood;
        self.problems.iter().filter(incomplete).map(at).collect()
    }
}

fn config_map(namespace: &str, values: &str) -> String {
    let indented = values.replace('\n', "\n    ");
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: linkerd-config, namespace: {namespace}}}\ndata:\n  \
         values: |\n    {indented}\n---\n"
    )
}

fn helm_release(namespace: &str, spec: &str) -> String {
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: l5d, namespace: {namespace}}}\n\
         spec:\n  chart: {{spec: {{chart: linkerd-control-plane}}}}\n  {spec}\n---\n"
    )
}

fn destination(policy: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: linkerd-destination, namespace: mesh}}\n\
         spec:\n  template:\n    spec:\n      containers:\n        - {{name: policy, image: a, args: [{policy}]}}\n---\n"
    )
}

const DENY: DefaultPolicy = DefaultPolicy::Deny;

#[test]
fn nothing_written_is_assumed() {
    let sample = with("");
    let config = &sample.config;
    assert!(!config.neutral.known);
    assert_eq!(&*config.control_plane.value, "linkerd");
    assert!(matches!(
        config.default_policy.because,
        Because::Assumed { .. }
    ));
    assert!(sample.problems.is_empty());
}

#[test]
fn what_is_installed_counts_before_what_it_is_installed_with() {
    let values = "proxy: {defaultInboundPolicy: deny}";
    let map = config_map("mesh", "proxy: {defaultInboundPolicy: audit}");
    let release = helm_release("flux", &format!("values: {{{values}}}"));
    let sample = with(&format!("{release}{map}"));
    assert_eq!(sample.config.default_policy.value, DefaultPolicy::Audit);
    assert_eq!(
        sample.address(&sample.config.default_policy),
        "ConfigMap/mesh/linkerd-config#/data/values/proxy/defaultInboundPolicy"
    );
    assert_eq!(&*sample.config.control_plane.value, "mesh");
    assert_eq!(sample.reported(), [""; 0]);
}

#[test]
fn releases_say_what_is_set_and_in_which_namespace() {
    let spec = "targetNamespace: mesh\n  values: {proxy: {defaultInboundPolicy: deny}}";
    let sample = with(&helm_release("flux", spec));
    assert_eq!(sample.config.default_policy.value, DENY);
    assert_eq!(
        sample.address(&sample.config.control_plane),
        "HelmRelease.helm.toolkit.fluxcd.io/flux/l5d#/spec/targetNamespace"
    );
    assert!(sample.config.neutral.known);

    let sample = with(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: l5d, namespace: argocd}\nspec:\n  \
         destination: {namespace: plane}\n  sources:\n    - chart: linkerd-enterprise-control-plane\n      helm:\n        \
         values: |\n          proxy:\n            defaultInboundPolicy: deny\n",
    );
    assert_eq!(sample.config.default_policy.value, DENY);
    assert_eq!(
        sample.address(&sample.config.default_policy),
        "Application.argoproj.io/argocd/l5d#/spec/sources/0/helm/values/proxy/defaultInboundPolicy"
    );
    assert_eq!(&*sample.config.control_plane.value, "plane");
}

#[test]
fn documents_of_values_are_known_by_their_words() {
    for (text, expected) in [
        ("proxy: {defaultInboundPolicy: deny}", true),
        ("identityTrustAnchorsPEM: x\nproxy: {}", true),
        ("linkerd-control-plane: {proxy: {accessLog: json}}", true),
        ("mesh: {proxyInit: {runAsRoot: true}}", true),
        (
            "policyController: {logLevel: info}\nclusterNetworks: 10.0.0.0/8",
            true,
        ),
        ("policyController: {logLevel: info}", false),
        ("proxy: {logLevel: info}", false),
        // the project's other charts
        (
            "linkerdNamespace: linkerd\nidentityTrustDomain: a\nlinkerdVersion: b",
            false,
        ),
    ] {
        let sample = read_files(&[("values.yaml", text)]);
        assert_eq!(sample.config.neutral.known, expected, "{text}");
    }
}

#[test]
fn two_places_that_differ_are_reported_once() {
    let first = "proxy: {defaultInboundPolicy: deny, accessLog: json}\nproxyInit: {}";
    let second = "proxy: {defaultInboundPolicy: audit, accessLog: apache}\nproxyInit: {}";
    let sample = read_files(&[("a.yaml", first), ("b.yaml", second)]);
    assert_eq!(sample.config.default_policy.value, DENY);
    assert_eq!(sample.reported().len(), 1);
    // what is not looked at may differ
    let second = "proxy: {cores: 2}\nproxyInit: {}";
    let sample = read_files(&[("a.yaml", first), ("b.yaml", second)]);
    assert_eq!(sample.reported(), [""; 0]);
    // a chart that lies there counts last
    let chart = "proxy: {defaultInboundPolicy: all-unauthenticated}\nproxyInit: {}";
    let sample = read_files(&[
        ("charts/linkerd-control-plane/values.yaml", chart),
        ("z.yaml", first),
    ]);
    assert_eq!(sample.config.default_policy.value, DENY);
    assert_eq!(sample.reported(), [""; 0]);
    // and so do two of them
    let sample = read_files(&[
        ("a/linkerd-control-plane/values.yaml", first),
        ("b/linkerd-control-plane/values.yaml", chart),
    ]);
    assert_eq!(sample.reported(), [""; 0]);
}

#[test]
fn values_from_elsewhere_are_reported_unless_they_are_certificates() {
    let spec = "valuesFrom:\n    - {kind: Secret, name: keys, targetPath: identity.issuer.tls.keyPEM}\n    \
                - {kind: ConfigMap, name: more}";
    let sample = with(&helm_release("flux", spec));
    assert_eq!(
        sample.reported(),
        ["HelmRelease.helm.toolkit.fluxcd.io/flux/l5d#/spec/valuesFrom/1/name"]
    );
}

#[test]
fn command_lines_count_behind_values() {
    let flags =
        "--default-policy=deny, --cluster-networks, 10.0.0.0/8, --control-plane-namespace=plane";
    let sample = with(&destination(flags));
    let config = &sample.config;
    assert_eq!(config.default_policy.value, DENY);
    assert_eq!(
        sample.address(&config.default_policy),
        "Deployment.apps/mesh/linkerd-destination#/spec/template/spec/containers/0/args/0"
    );
    assert_eq!(
        config.cluster_networks.value,
        networks("10.0.0.0/8").unwrap()
    );
    assert_eq!(&*config.control_plane.value, "plane");
    // what command lines do not say stays unknown
    assert!(!config.neutral.known);

    let map = config_map("mesh", "proxy: {defaultInboundPolicy: audit}");
    let sample = with(&format!("{map}{}", destination("--default-policy=audit")));
    assert_eq!(sample.reported(), [""; 0]);
    let sample = with(&format!("{map}{}", destination("--default-policy=deny")));
    assert_eq!(sample.config.default_policy.value, DefaultPolicy::Audit);
    assert_eq!(
        sample.reported(),
        ["Deployment.apps/mesh/linkerd-destination#/spec/template/spec/containers/0/args/0"]
    );
}

#[test]
fn what_linkerd_refuses_is_no_default() {
    let values = "clusterNetworks: everywhere\nproxy: {defaultInboundPolicy: all_authenticated, logHTTPHeaders: on, \
                  opaquePorts: [25]}\npolicyController: {probeNetworks: [10.0.0.0/8]}\nproxyInit: {privileged: maybe, \
                  skipSubnets: 1.2.3.0/33}";
    let sample = with(&config_map("mesh", values));
    let config = &sample.config;
    assert_eq!(config.default_policy.value, OPEN);
    assert!(matches!(
        config.default_policy.because,
        Because::Assumed { .. }
    ));
    assert_eq!(config.cluster_networks.value, everywhere());
    assert_eq!(config.log_headers.value, "insecure");
    let at = |field: &str| format!("ConfigMap/mesh/linkerd-config#/data/values/{field}");
    let expected = [
        "proxy/defaultInboundPolicy",
        "clusterNetworks",
        "proxyInit/skipSubnets",
        "proxy/logHTTPHeaders",
        "proxyInit/privileged",
    ]
    .map(at);
    assert_eq!(sample.reported(), expected);
    assert_eq!(config.probe_networks.value, networks("10.0.0.0/8").unwrap());
}

#[test]
fn a_labelled_namespace_is_the_control_plane_s() {
    let sample = with(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: plane, labels: {linkerd.io/is-control-plane: \"true\"}}\n",
    );
    assert_eq!(&*sample.config.control_plane.value, "plane");
    assert_eq!(
        sample.address(&sample.config.control_plane),
        "Namespace/plane#/metadata/labels/linkerd.io~1is-control-plane"
    );
}
