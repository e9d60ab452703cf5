#![allow(clippy::unwrap_used, clippy::panic)]

use super::{Blocked, member};
use crate::mesh::linkerd::membership::annotation::Annotations;
use crate::mesh::linkerd::membership::obstacle::Obstacle;
use crate::mesh::linkerd::sample::{APP, Sample, compile, deployment, namespace, settings};
use crate::model::Membership::{Meshed, Unknown, Unmeshed};
use crate::model::{Because, Membership, Pointer};

/// Something by which Linkerd is known to be there, and its settings.
fn linkerd() -> String {
    settings("proxy: {}")
}

/// A namespace `shop` and a workload `shop/api` in it, each with these fields.
fn shop(of_namespace: &str, metadata: &str, spec: &str) -> Sample {
    let spec = format!("{spec}{APP}");
    let text =
        linkerd() + &namespace("shop", of_namespace) + &deployment("shop", "api", metadata, &spec);
    compile(&[("a.yaml", &text)])
}

fn annotated(value: Option<&str>) -> String {
    value.map_or(String::new(), |value| {
        format!("annotations: {{linkerd.io/inject: \"{value}\"}}")
    })
}

/// What is decided about `shop/api`, and the line.
fn decided(sample: &Sample) -> (Membership, String) {
    let decided = &sample.member("shop/api").membership;
    let address = sample.address(decided.because.at());
    let line = match decided.because {
        Because::Configured(_) => address,
        Because::Default { .. } => format!("default {address}"),
        Because::Assumed { .. } => format!("assumed {address}"),
    };
    (decided.value, line)
}

const OWN: &str = "Deployment.apps/shop/api#/spec/template/metadata/annotations/linkerd.io~1inject";
const NAMESPACE: &str = "Namespace/shop#/metadata/annotations/linkerd.io~1inject";
const NOBODY: &str = "default Namespace/shop#/metadata/name";

#[test]
fn the_pod_and_its_namespace_decide_together() {
    let table = [
        (Some("true"), None, Unmeshed, NAMESPACE),
        (Some("true"), Some("enabled"), Unmeshed, NAMESPACE),
        (Some("Enabled"), Some("enabled"), Unmeshed, NAMESPACE),
        (Some("true"), Some("disabled"), Unmeshed, OWN),
        (Some("enabled"), Some("true"), Unmeshed, OWN),
        (None, Some("true"), Unmeshed, OWN),
        (Some("enabled"), Some("disabled"), Unmeshed, OWN),
        (Some("ingress"), Some("disabled"), Unmeshed, OWN),
        (Some("enabled"), None, Meshed, NAMESPACE),
        (Some("enabled"), Some(""), Meshed, NAMESPACE),
        (Some("enabled"), Some("enabled"), Meshed, OWN),
        (Some("enabled"), Some("ingress"), Meshed, OWN),
        (Some("ingress"), None, Meshed, NAMESPACE),
        (Some("disabled"), Some("enabled"), Meshed, OWN),
        (Some("disabled"), Some("ingress"), Meshed, OWN),
        (None, Some("enabled"), Meshed, OWN),
        (Some(""), Some("enabled"), Meshed, OWN),
        (Some("disabled"), None, Unmeshed, NAMESPACE),
        (None, Some("disabled"), Unmeshed, OWN),
        (Some(""), None, Unmeshed, NOBODY),
        (None, Some(""), Unmeshed, NOBODY),
        (None, None, Unmeshed, NOBODY),
    ];
    for (of_namespace, own, membership, line) in table {
        let of_namespace = match annotated(of_namespace) {
            none if none.is_empty() => none,
            some => format!(", {some}"),
        };
        let sample = shop(&of_namespace, &annotated(own), "");
        assert_eq!(
            decided(&sample),
            (membership, line.to_owned()),
            "{of_namespace:?} {own:?}"
        );
    }
}

#[test]
fn the_host_of_requests_counts_where_the_pods_own_annotation_says_so() {
    let ingress = |of_namespace: &str, own: Option<&str>| {
        let of_namespace = format!(", {}", annotated(Some(of_namespace)));
        let sample = shop(&of_namespace, &annotated(own), "");
        let at = sample.member("shop/api").ingress.clone();
        at.map(|at| sample.address(&at))
    };
    assert_eq!(ingress("ingress", None).as_deref(), Some(NAMESPACE));
    assert_eq!(ingress("enabled", Some("ingress")).as_deref(), Some(OWN));
    assert_eq!(ingress("ingress", Some("enabled")), None);
    assert_eq!(ingress("ingress", Some("")), None);
    assert_eq!(ingress("ingress", Some("disabled")), None);
}

const ASKING: &str = ", annotations: {linkerd.io/inject: enabled}";

#[test]
fn what_is_in_the_way_is_named() {
    let blocked = |of_namespace: &str, metadata: &str, spec: &str| {
        let sample = shop(of_namespace, metadata, spec);
        let member = sample.member("shop/api");
        assert!(member.asks.is_some());
        match member.blocked {
            Some(Blocked::Prevented(obstacle)) => (obstacle, decided(&sample).1),
            other => panic!("{other:?}"),
        }
    };
    let pods = "Deployment.apps/shop/api#/spec/template";
    assert_eq!(
        blocked(ASKING, "", "hostNetwork: true, "),
        (Obstacle::HostNetwork, format!("{pods}/spec/hostNetwork"))
    );
    let disabled = format!(", labels: {{config.linkerd.io/admission-webhooks: disabled}}{ASKING}");
    assert_eq!(
        blocked(&disabled, "", ""),
        (
            Obstacle::PassedOver,
            "Namespace/shop#/metadata/labels/config.linkerd.io~1admission-webhooks".to_owned()
        )
    );
    for label in [
        "linkerd.io/control-plane-component",
        "linkerd.io/cni-resource",
    ] {
        let labels = format!("labels: {{{label}: x}}");
        let at = format!("{pods}/metadata/labels/{}", label.replace('/', "~1"));
        assert_eq!(blocked(ASKING, &labels, ""), (Obstacle::PassedOver, at));
    }
    let init = "initContainers: [{name: istio-init, image: i}], ";
    assert_eq!(
        blocked(ASKING, "", init),
        (
            Obstacle::OtherProxy,
            format!("{pods}/spec/initContainers/0")
        )
    );
    // no control plane knows of a proxy without the label
    let own = "initContainers: [{name: linkerd-proxy, image: p}], ";
    assert_eq!(
        blocked(ASKING, "", own),
        (
            Obstacle::OtherProxy,
            format!("{pods}/spec/initContainers/0")
        )
    );
}

#[test]
fn what_is_not_in_the_way() {
    let meshed = |of_namespace: &str, metadata: &str, spec: &str| {
        let sample = shop(of_namespace, metadata, spec);
        assert_eq!(
            decided(&sample).0,
            Meshed,
            "{of_namespace} {metadata} {spec}"
        );
    };
    // it has a token of its own by default
    meshed(ASKING, "", "automountServiceAccountToken: false, ");
    meshed(
        &format!(", labels: {{config.linkerd.io/admission-webhooks: enabled}}{ASKING}"),
        "",
        "",
    );
    meshed(ASKING, "labels: {linkerd.io/control-plane-ns: linkerd}", "");
    // a container with such a name is in the way as an init container only
    meshed(ASKING, "", "");
    let sidecar = "initContainers: [{name: wait, image: cr.l5d.io/linkerd/await:1}], ";
    meshed(ASKING, "", sidecar);
    meshed(ASKING, "", "hostNetwork: false, ");
}

#[test]
fn a_label_asks_for_nothing() {
    let label = "labels: {linkerd.io/inject: enabled}";
    let sample = shop(&format!(", {label}"), label, "");
    assert_eq!(decided(&sample), (Unmeshed, NOBODY.to_owned()));
    // but it shows that someone counts on Linkerd
    let text = namespace("shop", &format!(", {label}")) + &deployment("shop", "api", "", APP);
    assert_eq!(decided(&compile(&[("a.yaml", &text)])).0, Unmeshed);
}

#[test]
fn without_a_token_there_is_no_proxy_unless_it_has_one_of_its_own() {
    let member = |values: &str, account: &str, spec: &str| {
        let text = settings(values)
            + &namespace("shop", ASKING)
            + &format!(
                "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: default, namespace: shop}}\n{account}"
            )
            + &deployment("shop", "api", "", spec);
        let sample = compile(&[("a.yaml", &text)]);
        decided(&sample)
    };
    let off = "identity: {serviceAccountTokenProjection: false}";
    let none = format!("automountServiceAccountToken: false, {APP}");
    let own = "Deployment.apps/shop/api#/spec/template/spec/automountServiceAccountToken";
    assert_eq!(member(off, "", &none), (Unmeshed, own.to_owned()));
    assert_eq!(member("proxy: {}", "", &none).0, Meshed);
    assert_eq!(member(off, "", APP).0, Meshed);
    let account = "automountServiceAccountToken: false\n";
    let at = "ServiceAccount/shop/default#/automountServiceAccountToken";
    assert_eq!(member(off, account, APP), (Unmeshed, at.to_owned()));
    let wanted = format!("automountServiceAccountToken: true, {APP}");
    assert_eq!(member(off, account, &wanted).0, Meshed);
    let mounts = "[{name: t, mountPath: /var/run/secrets/kubernetes.io/serviceaccount}]";
    let by_hand = format!("containers: [{{name: app, image: a, volumeMounts: {mounts}}}]");
    assert_eq!(member(off, account, &by_hand).0, Meshed);
    let refused = format!("automountServiceAccountToken: false, {by_hand}");
    assert_eq!(member(off, account, &refused).0, Unmeshed);
}

#[test]
fn selectors_of_the_injector_may_be_others() {
    let text = settings(
        "proxyInjector:\n  namespaceSelector: {matchLabels: {mesh: \"yes\"}}\n  objectSelector: {}",
    ) + &namespace("shop", ASKING)
        + &namespace(
            "kube-system",
            &format!(", labels: {{mesh: \"yes\"}}{ASKING}"),
        )
        + &deployment("shop", "api", "", APP)
        + &deployment(
            "kube-system",
            "dns",
            "labels: {linkerd.io/cni-resource: x}",
            APP,
        );
    let sample = compile(&[("a.yaml", &text)]);
    let values = "ConfigMap/linkerd/linkerd-config#/data/values/proxyInjector/namespaceSelector";
    assert_eq!(decided(&sample), (Unmeshed, values.to_owned()));
    assert_eq!(sample.member("kube-system/dns").membership.value, Meshed);
}

#[test]
fn some_namespaces_get_no_proxy_whether_their_objects_are_there_or_not() {
    let asking = annotated(Some("enabled"));
    let text = linkerd()
        + &namespace("kube-system", ASKING)
        + &deployment("kube-system", "dns", &asking, APP)
        + &deployment("cert-manager", "issuer", &asking, APP)
        + &deployment("cert-manager", "silent", "", APP)
        + &deployment("elsewhere", "asks", &asking, APP)
        + &deployment("elsewhere", "silent", "", APP)
        + &deployment(
            "elsewhere",
            "host",
            "",
            &format!("hostNetwork: true, {APP}"),
        )
        + &deployment("elsewhere", "not", &annotated(Some("disabled")), APP);
    let sample = compile(&[("a.yaml", &text)]);
    let of = |name: &str| sample.member(name).membership.value;
    assert_eq!(of("kube-system/dns"), Unmeshed);
    assert_eq!(of("cert-manager/issuer"), Unmeshed);
    assert_eq!(of("cert-manager/silent"), Unmeshed);
    assert_eq!(of("elsewhere/asks"), Meshed);
    assert_eq!(of("elsewhere/silent"), Unknown);
    assert_eq!(of("elsewhere/host"), Unmeshed);
    assert_eq!(of("elsewhere/not"), Unmeshed);
}

#[test]
fn what_is_filled_in_later_is_not_known() {
    let sample = shop(
        ", annotations: {linkerd.io/inject: \"{{ .Values.inject }}\"}",
        "",
        "",
    );
    assert_eq!(decided(&sample), (Unknown, format!("assumed {NAMESPACE}")));
    let sample = shop(
        ", annotations: {linkerd.io/inject: \"${INJECT}\"}",
        &annotated(Some("disabled")),
        "",
    );
    assert_eq!(decided(&sample), (Unmeshed, OWN.to_owned()));
}

#[test]
fn pods_that_have_a_proxy_already() {
    let pod = |name: &str, label: &str, containers: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop, labels: {{{label}}}}}\nspec: {{nodeName: node-1, {containers}}}\n"
        )
    };
    let label = "linkerd.io/control-plane-ns: linkerd";
    let proxy = "containers: [{name: app, image: a}, {name: linkerd-proxy, image: p}]";
    let native = "initContainers: [{name: linkerd-init, image: p}, {name: linkerd-proxy, image: p, restartPolicy: Always}], containers: [{name: app, image: a}]";
    let by_image = "containers: [{name: mine, image: \"cr.l5d.io/linkerd/proxy:edge-26.1.1\"}]";
    let both = "containers: [{name: istio-proxy, image: p}, {name: linkerd-proxy, image: p}]";
    let text = linkerd()
        + &namespace("shop", ASKING)
        + &pod("sidecar", label, proxy)
        + &pod("native", label, native)
        + &pod("image", label, by_image)
        + &pod("both", label, both)
        + &pod("elsewhere", "linkerd.io/control-plane-ns: other", proxy)
        + &pod("unlabelled", "app: x", proxy)
        + &pod("bare", label, "containers: [{name: app, image: a}]");
    let sample = compile(&[("a.yaml", &text)]);
    let of = |name: &str| {
        let member = sample.member(name);
        let at = sample.address(member.membership.because.at());
        let (_, field) = at.split_once('#').unwrap();
        (member.membership.value, field.to_owned())
    };
    assert_eq!(
        of("shop/sidecar"),
        (Meshed, "/spec/containers/1".to_owned())
    );
    assert_eq!(
        of("shop/native"),
        (Meshed, "/spec/initContainers/1".to_owned())
    );
    assert_eq!(of("shop/image"), (Meshed, "/spec/containers/0".to_owned()));
    assert_eq!(of("shop/both"), (Meshed, "/spec/containers/1".to_owned()));
    assert_eq!(of("shop/elsewhere").0, Unmeshed);
    assert_eq!(of("shop/unlabelled").0, Unmeshed);
    // it started before the injector was there
    assert_eq!(of("shop/bare"), (Unmeshed, "/spec/containers".to_owned()));
    let bare = sample.member("shop/bare");
    assert_eq!(bare.blocked, Some(Blocked::Prevented(Obstacle::Started)));
}

#[test]
fn a_running_pod_without_a_proxy_has_none_whatever_its_namespace_says() {
    let text = linkerd()
        + "---\napiVersion: v1\nkind: Pod\nmetadata: {name: api, namespace: shop}\nspec: {nodeName: node-1, containers: [{name: app, image: a}]}\n";
    assert_eq!(
        decided(&compile(&[("a.yaml", &text)])),
        (Unmeshed, "Pod/shop/api#/spec/containers".to_owned())
    );
}

#[test]
fn what_runs_outside_the_cluster_is_in_the_mesh_by_its_own_word() {
    let written = "annotations: {linkerd.io/inject: disabled, config.linkerd.io/access-log: json}";
    let sample = shop(&format!(", {written}"), "", "");
    let mut outside = sample.workload("shop/api").clone();
    outside.kind = "ExternalWorkload".into();
    outside.template = Pointer::root();
    // the injector never sees it
    let annotations = Annotations::of(&sample.index, &outside);
    assert_eq!(annotations.config("access-log"), None);
    assert!(annotations.known);
    let decided = member(&sample.index, &annotations, &sample.linkerd.config).membership;
    assert_eq!(decided.value, Meshed);
    let line = "Deployment.apps/shop/api#/spec/meshTLS/identity";
    assert_eq!(sample.address(decided.because.at()), line);
}

#[test]
fn what_runs_outside_kubernetes_has_no_proxy() {
    let web = "service { name = \"web\" }";
    let sample = compile(&[("a.yaml", &linkerd()), ("web.hcl", web)]);
    let decided = &sample.member("web").membership;
    assert_eq!(decided.value, Unmeshed);
    let address = sample.address(decided.because.at());
    assert_eq!(address, "File/web.hcl#/service");
}
