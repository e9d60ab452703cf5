//! Ways in through ingress gateways.

use super::sample::{self, Sample, chart, http, object, sent, service};
use crate::model::{Layer, TlsOrigination};

fn gateway(spec: &str) -> String {
    object("IngressGateway", "front", spec)
}

fn opened(text: &str) -> Sample {
    Sample::objects(text).with(|consul| chart(consul, "front", "LoadBalancer", &[8080]))
}

const TWO: &str = "{listeners: [{port: 8080, protocol: http, services: [{name: web, hosts: [web.example]}, {name: api, \
                   hosts: ['*']}]}]}";

fn two() -> String {
    service("web") + &service("api") + &http(&["web", "api"])
}

#[test]
fn the_narrowest_host_counts() {
    let sample = opened(&(two() + &gateway(TWO)));
    assert_eq!(sample.leads("web", "web.example", "/"), Some(true));
    assert_eq!(sample.leads("web", "web.example:8080", "/"), Some(true));
    assert_eq!(sample.leads("web", "web.example:9090", "/"), Some(false));
    assert_eq!(sample.leads("api", "web.example", "/"), Some(false));
    assert_eq!(sample.leads("api", "other.example", "/"), Some(true));
}

#[test]
fn the_order_in_which_hosts_are_written_does_not_count() {
    let other = "{name: api, hosts: ['*']}, {name: web, hosts: [web.example]}";
    let spec = format!("{{listeners: [{{port: 8080, protocol: http, services: [{other}]}}]}}");
    let sample = opened(&(two() + &gateway(&spec)));
    assert_eq!(sample.leads("web", "web.example", "/"), Some(true));
    assert_eq!(sample.leads("api", "web.example", "/"), Some(false));
}

#[test]
fn who_calls_is_the_gateway() {
    let sample = opened(&(two() + &gateway(TWO)));
    let ways = sample.ways("web");
    assert_eq!(sent(&ways), [TlsOrigination::Plaintext]);
    let hop = ways[0].hops.first();
    let identity = hop.and_then(|hop| hop.identity.clone());
    assert_eq!(
        identity.map(|one| one.name.to_string()),
        Some("front".to_owned())
    );
    assert_eq!(hop.map(|hop| hop.sends.value), Some(TlsOrigination::Mtls));
    assert!(ways[0].needs.is_empty());
}

#[test]
fn tls_of_the_gateway_is_for_all_listeners() {
    let spec = TWO
        .replacen('{', "{tls: {enabled: true}, ", 1)
        .replace("'*'", "api.example");
    let sample = opened(&(two() + &gateway(&spec)));
    assert_eq!(sent(&sample.ways("web")), [TlsOrigination::ForeignTls]);
    let spec = TWO.replacen("protocol: http", "protocol: http, tls: {enabled: true}", 1);
    let sample = opened(&(two() + &gateway(&spec)));
    assert_eq!(sent(&sample.ways("web")), [TlsOrigination::ForeignTls]);
}

#[test]
fn a_service_may_have_a_certificate_of_its_own() {
    let own = "hosts: [web.example], tls: {sds: {clusterName: c, certResource: r}}";
    let sample = opened(&(two() + &gateway(&TWO.replace("hosts: [web.example]", own))));
    assert_eq!(sent(&sample.ways("web")), [TlsOrigination::ForeignTls]);
    assert_eq!(sent(&sample.ways("api")), [TlsOrigination::Plaintext]);
}

#[test]
fn a_service_inside_the_cluster_lets_nobody_in() {
    let text = two() + &gateway(TWO);
    let sample = Sample::objects(&text).with(|consul| chart(consul, "front", "ClusterIP", &[8080]));
    assert!(sample.ways("web").is_empty());
    let sample = Sample::objects(&text).with(|consul| chart(consul, "front", "NodePort", &[9090]));
    assert!(sample.ways("web").is_empty());
}

#[test]
fn where_nothing_is_known_of_the_gateway_it_is_left_open() {
    let ways = Sample::objects(&(two() + &gateway(TWO))).ways("web");
    assert_eq!(ways.len(), 1);
    assert_eq!(ways[0].needs.len(), 1);
}

const PODS: &str = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: consul-front, namespace: consul}\nspec:\n  \
                    template:\n    metadata: {labels: {app: front}, annotations: {consul.hashicorp.com/gateway-kind: \
                    ingress-gateway, consul.hashicorp.com/gateway-consul-service-name: front}}\n    spec: {containers: \
                    [{name: app, image: a}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: consul-front, \
                    namespace: consul}\nspec: {type: TYPE, selector: {app: front}, ports: [{port: 8080}]}\n";

#[test]
fn the_pods_in_the_input_have_a_service_that_counts() {
    let text = two() + &gateway(TWO);
    let ways = Sample::objects(&(text.clone() + &PODS.replace("TYPE", "NodePort"))).ways("web");
    assert_eq!(ways.len(), 1);
    assert!(ways[0].needs.is_empty());
    let text = text + &PODS.replace("TYPE", "ClusterIP");
    let sample = Sample::objects(&text).with(|consul| chart(consul, "front", "LoadBalancer", &[]));
    assert!(sample.ways("web").is_empty());
}

const ALL: &str = "{listeners: [{port: 8080, protocol: http, services: [{name: '*'}]}]}";

#[test]
fn all_services_of_the_protocol_have_hosts_of_their_own() {
    let sample = opened(&(two() + &service("raw") + &gateway(ALL)));
    assert_eq!(sample.leads("web", "web.ingress.consul", "/"), Some(true));
    assert_eq!(
        sample.leads("web", "web.ingress.consul:8080", "/"),
        Some(true)
    );
    assert_eq!(sample.leads("web", "api.ingress.consul", "/"), Some(false));
    assert_eq!(sample.leads("raw", "raw.ingress.consul", "/"), None);
}

#[test]
fn a_host_takes_the_place_of_the_one_for_all() {
    let all = ALL.replace(
        "{name: '*'}",
        "{name: '*'}, {name: web, hosts: [web.example]}",
    );
    let sample = opened(&(two() + &gateway(&all)));
    assert_eq!(sample.leads("web", "web.ingress.consul", "/"), Some(false));
    assert_eq!(sample.leads("web", "web.example", "/"), Some(true));
    assert_eq!(sample.leads("api", "api.ingress.consul", "/"), Some(true));
}

#[test]
fn connections_are_led_as_they_are() {
    let spec = "{listeners: [{port: 8080, protocol: tcp, services: [{name: raw}]}]}";
    let sample = opened(&(service("raw") + &gateway(spec)));
    let ways = sample.ways("raw");
    assert_eq!(ways.len(), 1);
    assert!(ways[0].all_gates().all(|gate| gate.layer == Layer::Tcp));
    assert!(sample::takes(&ways[0], "", ""));
}

#[test]
fn a_listener_for_http_does_not_lead_to_connections() {
    let spec = "{listeners: [{port: 8080, protocol: http, services: [{name: raw}]}]}";
    let sample = opened(&(service("raw") + &gateway(spec)));
    assert!(sample.ways("raw").is_empty());
}

#[test]
fn what_speaks_http_behind_a_listener_for_connections_is_left_open() {
    let spec = "{listeners: [{port: 8080, protocol: tcp, services: [{name: web}]}]}";
    let ways = opened(&(service("web") + &http(&["web"]) + &gateway(spec))).ways("web");
    assert_eq!(ways.len(), 1);
    assert_eq!(ways[0].needs.len(), 1);
}

#[test]
fn routes_of_the_service_lead_on() {
    let router = "{routes: [{match: {http: {pathPrefix: /api}}, destination: {service: api}}]}";
    let one = "{listeners: [{port: 8080, protocol: http, services: [{name: web, hosts: ['*'], requestHeaders: {set: \
               {x-a: b}}}]}]}";
    let sample = opened(&(two() + &object("ServiceRouter", "web", router) + &gateway(one)));
    assert_eq!(sample.leads("api", "any", "/api/x"), Some(true));
    assert_eq!(sample.leads("api", "any", "/"), Some(false));
    assert_eq!(sample.leads("web", "any", "/"), Some(true));
    assert_eq!(sample.leads("web", "any", "/api"), Some(false));
    let ways = sample.ways("api");
    let rewrites = ways[0].all_gates().filter_map(|gate| gate.rewrite.as_ref());
    assert_eq!(
        rewrites.map(|one| one.headers.len()).collect::<Vec<_>>(),
        [1]
    );
}

#[test]
fn other_ports_are_not_led_to() {
    let sample = opened(&(two() + &gateway(TWO)));
    let workload = sample.workload("web");
    assert!(
        sample
            .consul
            .ways_from_gateways(workload, 9090, true)
            .is_empty()
    );
    assert!(
        sample
            .consul
            .ways_from_gateways(workload, 8080, false)
            .is_empty()
    );
}
