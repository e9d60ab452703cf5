//! Calls out of the mesh through terminating gateways.

use crate::mesh::consul::gateway::sample::{Sample, object, service};
use crate::model::{Layer, Outside, TlsOrigination, Way};

fn outside(host: &str, port: u16) -> Outside {
    Outside {
        host: Some(host.to_owned()),
        ip: None,
        port,
    }
}

fn ways(text: &str, to: &Outside) -> (Vec<Way>, bool) {
    let sample = Sample::objects(&(service("web") + text));
    sample
        .consul
        .ways_to_destinations(sample.workload("web"), to)
}

fn allowed(name: &str) -> String {
    let spec =
        format!("{{destination: {{name: {name}}}, sources: [{{name: web, action: allow}}]}}");
    object("ServiceIntentions", name, &spec)
}

fn destination(protocol: &str, address: &str) -> String {
    let spec =
        format!("{{protocol: {protocol}, destination: {{addresses: [{address}], port: 80}}}}");
    object("ServiceDefaults", "shop", &spec) + &allowed("shop")
}

fn egress(link: &str) -> String {
    let spec = format!("{{deployment: {{enabledDeployment: true}}, services: [{{{link}}}]}}");
    object("TerminatingGateway", "egress", &spec)
}

#[test]
fn a_destination_is_called_through_its_gateway() {
    let text = destination("http", "shop.example") + &egress("name: shop");
    let (ways, taken) = ways(&text, &outside("shop.example", 80));
    assert!(taken);
    assert_eq!(ways.len(), 1);
    assert_eq!(ways[0].sends.value, TlsOrigination::Mtls);
    let hop = &ways[0].hops[0];
    assert_eq!(&*hop.name, "the terminating gateway egress");
    assert_eq!(hop.sends.value, TlsOrigination::Plaintext);
    assert!(
        hop.gates
            .iter()
            .all(|gate| !gate.routes && gate.layer == Layer::Http)
    );
    assert!(ways[0].needs.is_empty());
}

#[test]
fn a_gateway_uses_tls_where_it_has_a_ca_only() {
    for (link, sends) in [
        ("name: shop, caFile: /ca", TlsOrigination::ForeignTls),
        ("name: shop, sni: shop.example", TlsOrigination::Plaintext),
        ("name: '*', caFile: /ca", TlsOrigination::ForeignTls),
    ] {
        let text = destination("http", "shop.example") + &egress(link);
        let (ways, _) = ways(&text, &outside("shop.example", 80));
        assert_eq!(ways[0].hops[0].sends.value, sends, "{link}");
    }
}

#[test]
fn requests_to_other_hosts_on_the_port_go_nowhere() {
    let text = destination("http", "shop.example") + &egress("name: shop");
    let (found, taken) = ways(&text, &outside("other.example", 80));
    assert!(taken);
    assert!(found.iter().all(|way| way.ends.is_some()));
    let (found, taken) = ways(&text, &outside("other.example", 81));
    assert!(found.is_empty() && !taken);
}

#[test]
fn connections_are_led_by_the_name_in_their_tls() {
    let text = destination("tcp", "shop.example") + &egress("name: shop");
    let (found, taken) = ways(&text, &outside("shop.example", 80));
    assert!(!taken);
    assert!(found.iter().all(|way| way.sealed));
    assert_eq!(found.len(), 1);
}

#[test]
fn connections_are_led_by_address() {
    let text = destination("tcp", "203.0.113.9") + &egress("name: shop");
    let to = Outside {
        ip: "203.0.113.9".parse().ok(),
        ..outside("x", 80)
    };
    let (found, taken) = ways(&text, &to);
    assert!(taken);
    assert_eq!(found.len(), 1);
    assert!(!found[0].sealed);
}

#[test]
fn who_is_not_told_of_a_destination_is_passed_on() {
    let intention = allowed("shop").replace("action: allow", "action: deny");
    let text = destination("http", "shop.example").replace(&allowed("shop"), &intention);
    let (found, taken) = ways(
        &(text + &egress("name: shop")),
        &outside("shop.example", 80),
    );
    assert!(found.is_empty() && !taken);
}

#[test]
fn a_gateway_that_nothing_deploys_is_left_open() {
    let link = egress("name: shop").replace("enabledDeployment: true", "enabledDeployment: false");
    let text = destination("http", "shop.example") + &link;
    let (found, _) = ways(&text, &outside("shop.example", 80));
    assert_eq!(found[0].needs.len(), 1);
}

#[test]
fn a_registered_service_is_called_by_its_upstream_and_its_name() {
    let registration = object(
        "Registration",
        "billing",
        "{node: far, address: billing.example, service: {name: billing, port: 443}}",
    );
    let text = registration + &egress("name: billing") + &allowed("billing");
    let (found, _) = ways(&text, &outside("billing.virtual.consul", 443));
    assert_eq!(found.len(), 1);
    let (found, _) = ways(&text, &outside("billing.example", 443));
    assert!(found.is_empty());
    let upstream = "consul.hashicorp.com/connect-service-upstreams: 'billing:9100'";
    let web = service("web").replace("annotations: {", &format!("annotations: {{{upstream}, "));
    let sample = Sample::objects(&(web + &text));
    let to = outside("billing.example", 443);
    let (found, _) = sample
        .consul
        .ways_to_destinations(sample.workload("web"), &to);
    assert_eq!(found.len(), 1);
}

const FILES: [(&str, &str); 4] = [
    (
        "a.hcl",
        "service { name = \"billing\" address = \"billing.example\" port = 443 }",
    ),
    (
        "b.hcl",
        "Kind = \"terminating-gateway\"\nName = \"egress\"\nServices = [{ Name = \"billing\" }]\n",
    ),
    (
        "c.hcl",
        "service { kind = \"terminating-gateway\" name = \"egress\" port = 8443 }",
    ),
    (
        "d.hcl",
        "service { name = \"web\" port = 8080 connect { sidecar_service { proxy { upstreams { destination_name = \
         \"billing\" local_bind_port = 9100 } } } } }",
    ),
];

#[test]
fn a_service_that_a_file_registers_is_called_through_its_gateway() {
    let found = |files: &[(&str, &str)]| {
        let sample = Sample::of(files);
        let call = crate::mesh::Call {
            service: None,
            workload: sample.workload("billing"),
            port: 443,
            meshed: false,
        };
        sample
            .consul
            .ways_by_terminating(sample.workload("web"), &call)
    };
    let ways = found(&FILES);
    assert_eq!(ways.len(), 1);
    assert!(ways[0].ends.is_none());
    // one that is not registered does not run
    let [a, b, _, d] = FILES;
    assert!(found(&[a, b, d])[0].ends.is_some());
    let [a, _, c, d] = FILES;
    assert!(found(&[a, c, d]).is_empty());
}
