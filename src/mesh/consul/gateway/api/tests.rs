//! Ways in through API gateways.

use crate::mesh::consul::gateway::sample::{Sample, http, object, sent, service};
use crate::model::{Because, Decided, Gate, HeaderChange, PathRewrite, TlsOrigination};

/// An object of the Gateway API.
fn api(kind: &str, namespace: &str, name: &str, spec: &str) -> String {
    let version = if kind == "TCPRoute" { "v1alpha2" } else { "v1" };
    format!(
        "---\napiVersion: gateway.networking.k8s.io/{version}\nkind: {kind}\nmetadata: {{name: {name}, namespace: \
         {namespace}}}\nspec: {spec}\n"
    )
}

fn gateway(listeners: &str) -> String {
    let spec = format!("{{gatewayClassName: consul, listeners: [{listeners}]}}");
    api("Gateway", "shop", "edge", &spec)
}

const HTTP: &str = "{name: http, port: 8080, protocol: HTTP}";

fn route(name: &str, fields: &str) -> String {
    let spec = format!("{{parentRefs: [{{name: edge}}], {fields}}}");
    api("HTTPRoute", "shop", name, &spec)
}

fn to(name: &str) -> String {
    route(
        name,
        &format!("hostnames: [{name}.example], rules: [{{backendRefs: [{{name: {name}}}]}}]"),
    )
}

fn both() -> String {
    service("web") + &service("api") + &http(&["web", "api"])
}

fn sample(more: &str) -> Sample {
    Sample::objects(&(both() + more))
}

#[test]
fn who_calls_is_called_like_the_gateway() {
    let sample = sample(&(gateway(HTTP) + &to("web")));
    let ways = sample.ways("web");
    assert_eq!(sent(&ways), [TlsOrigination::Plaintext]);
    let identity = ways[0].hops[0].identity.as_ref();
    assert_eq!(identity.map(|one| &*one.name), Some("edge"));
    assert_eq!(sample.leads("web", "web.example", "/"), Some(true));
    assert_eq!(sample.leads("web", "api.example", "/"), Some(false));
    assert_eq!(sample.leads("api", "api.example", "/"), None);
}

#[test]
fn the_longest_path_counts_and_is_compared_as_text() {
    let rules = "rules: [{matches: [{path: {type: PathPrefix, value: /}}], backendRefs: [{name: web}]}, {matches: \
                 [{path: {type: PathPrefix, value: /api}}], backendRefs: [{name: api}]}]";
    let sample = sample(&(gateway(HTTP) + &route("all", rules)));
    assert_eq!(sample.leads("api", "any", "/api/x"), Some(true));
    assert_eq!(sample.leads("api", "any", "/apis"), Some(true));
    assert_eq!(sample.leads("web", "any", "/apis"), Some(false));
    assert_eq!(sample.leads("web", "any", "/x"), Some(true));
}

#[test]
fn what_no_route_of_its_host_takes_goes_nowhere() {
    let rules = "hostnames: [web.example], rules: [{matches: [{path: {type: Exact, value: /a}}], backendRefs: [{name: \
                 web}]}]";
    let other = "rules: [{backendRefs: [{name: api}]}]";
    let sample = sample(&(gateway(HTTP) + &route("one", rules) + &route("two", other)));
    assert_eq!(sample.leads("web", "web.example", "/a"), Some(true));
    assert_eq!(sample.leads("api", "web.example", "/b"), Some(false));
    assert_eq!(sample.leads("api", "other.example", "/b"), Some(true));
}

#[test]
fn hosts_of_a_route_are_those_of_the_listener() {
    let listener = "{name: http, port: 8080, protocol: HTTP, hostname: '*.example'}";
    let sample_of = |text: &str| sample(&(gateway(text) + &to("web")));
    assert_eq!(
        sample_of(listener).leads("web", "web.example", "/"),
        Some(true)
    );
    assert!(
        sample_of(&listener.replace("*.example", "*.other"))
            .ways("web")
            .is_empty()
    );
    assert!(
        sample_of(&listener.replace("*.example", "a.example"))
            .ways("web")
            .is_empty()
    );
}

#[test]
fn filters_change_requests() {
    let filters = "filters: [{type: URLRewrite, urlRewrite: {hostname: x, path: {type: ReplacePrefixMatch, \
                   replacePrefixMatch: /}}}, {type: RequestHeaderModifier, requestHeaderModifier: {remove: [x-a], set: \
                   [{name: x-b, value: c}]}}]";
    let rules = format!(
        "rules: [{{matches: [{{path: {{type: PathPrefix, value: /web}}}}], {filters}, backendRefs: [{{name: web}}]}}]"
    );
    let ways = sample(&(gateway(HTTP) + &route("web", &rules))).ways("web");
    let rewrite = ways[0]
        .all_gates()
        .find_map(|gate| gate.rewrite.clone())
        .unwrap_or_default();
    let prefix = PathRewrite::Prefix {
        from: "/web".into(),
        to: "/".into(),
    };
    assert_eq!(rewrite.path, Some(prefix));
    assert_eq!(rewrite.host, None);
    assert_eq!(
        rewrite.headers,
        [HeaderChange::remove("x-a"), HeaderChange::set("x-b", "c")]
    );
}

#[test]
fn a_redirect_leads_nowhere() {
    let rules = "rules: [{filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]}]";
    assert!(
        sample(&(gateway(HTTP) + &route("web", rules)))
            .ways("web")
            .is_empty()
    );
}

#[test]
fn what_does_not_speak_http_is_not_led_to() {
    let text = service("raw") + &gateway(HTTP) + &to("raw");
    assert!(Sample::objects(&text).ways("raw").is_empty());
    let grpc = object("ServiceDefaults", "raw", "{protocol: grpc}");
    assert!(Sample::objects(&(text + &grpc)).ways("raw").is_empty());
}

#[test]
fn classes_of_others_are_not_looked_at() {
    let text = gateway(HTTP).replace("gatewayClassName: consul", "gatewayClassName: istio");
    assert!(sample(&(text + &to("web"))).ways("web").is_empty());
}

#[test]
fn a_class_says_whose_it_is() {
    let class = |controller: &str| {
        let spec = format!(
            "{{controllerName: {controller}, parametersRef: {{group: consul.hashicorp.com, kind: \
             GatewayClassConfig, name: open}}}}"
        );
        let config = object("GatewayClassConfig", "open", "{serviceType: LoadBalancer}");
        let text = gateway(HTTP).replace("gatewayClassName: consul", "gatewayClassName: own");
        sample(&(text + &to("web") + &api("GatewayClass", "x", "own", &spec) + &config)).ways("web")
    };
    assert_eq!(class("consul.hashicorp.com/gateway-controller").len(), 1);
    assert!(class("istio.io/gateway-controller").is_empty());
}

#[test]
fn only_the_chart_gives_a_class_its_parameters() {
    let class = |name: &str| {
        let spec = "{controllerName: consul.hashicorp.com/gateway-controller}";
        let named = format!("gatewayClassName: {name}");
        let text = gateway(HTTP).replace("gatewayClassName: consul", &named);
        sample(&(text + &to("web") + &api("GatewayClass", "x", name, spec))).ways("web")
    };
    assert_eq!(class("consul").len(), 1);
    // a gateway of another class gets no Service
    assert!(class("own").is_empty());
}

#[test]
fn the_own_copy_of_the_kinds_counts_too() {
    let text = (gateway(HTTP) + &to("web"))
        .replace(
            "gateway.networking.k8s.io/v1",
            "consul.hashicorp.com/v1beta1",
        )
        .replace(
            "gatewayClassName: consul",
            "gatewayClassName: consul-custom-class",
        );
    assert_eq!(sample(&text).leads("web", "web.example", "/"), Some(true));
    let mixed = text.replace("kind: HTTPRoute", "kind: Other") + &to("web");
    assert!(sample(&mixed).ways("web").is_empty());
}

const TLS: &str =
    "{name: http, port: 8443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}}";

#[test]
fn a_certificate_that_is_absent_is_left_open() {
    let ways = sample(&(gateway(TLS) + &to("web"))).ways("web");
    assert_eq!(sent(&ways), [TlsOrigination::ForeignTls]);
    assert_eq!(ways[0].needs.len(), 1);
    let secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: cert, namespace: shop}\n";
    let ways = sample(&(gateway(TLS) + &to("web") + secret)).ways("web");
    assert!(ways[0].needs.is_empty());
}

#[test]
fn a_certificate_of_others_needs_a_grant() {
    let tls = TLS.replace("name: cert", "name: cert, namespace: keys");
    let secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: cert, namespace: keys}\n";
    let text = gateway(&tls) + &to("web") + secret;
    assert!(sample(&text).ways("web").is_empty());
    let grant = "{from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: shop}], to: [{group: '', kind: \
                 Secret}]}";
    let granted = text + &api("ReferenceGrant", "keys", "one", grant);
    assert_eq!(sample(&granted).ways("web").len(), 1);
}

#[test]
fn listeners_that_do_not_agree_are_refused_together() {
    let other = HTTP.replace("name: http", "name: two, hostname: a.example");
    let text = gateway(&format!("{HTTP}, {other}")) + &to("web");
    assert!(sample(&text).ways("web").is_empty());
}

#[test]
fn routers_of_services_do_not_count() {
    let router = "{routes: [{destination: {service: api}}]}";
    let text = gateway(HTTP) + &to("web") + &object("ServiceRouter", "web", router);
    let sample = sample(&text);
    assert_eq!(sample.leads("web", "web.example", "/"), Some(true));
    assert!(sample.ways("api").is_empty());
}

#[test]
fn resolvers_and_splitters_of_services_count() {
    let text = gateway(HTTP)
        + &to("web")
        + &object("ServiceResolver", "web", "{redirect: {service: api}}");
    let sample = sample(&text);
    assert!(sample.ways("web").is_empty());
    assert_eq!(sample.leads("api", "web.example", "/"), Some(true));
}

fn asks(sample: &Sample) -> Vec<Gate> {
    let ways = sample.ways("web");
    let gates = ways.iter().flat_map(|way| way.all_gates());
    gates.filter(|gate| !gate.routes).cloned().collect()
}

#[test]
fn tokens_are_asked_for_by_the_enterprise_edition() {
    let policy = "{targetRef: {group: gateway.networking.k8s.io, kind: Gateway, name: edge, sectionName: http}, \
                  override: {jwt: {providers: [{name: idp}]}}}";
    let provider = "{issuer: https://idp, jsonWebKeySet: {local: {jwks: e30=}}}";
    let text = gateway(HTTP)
        + &to("web")
        + &object("GatewayPolicy", "one", policy)
        + &object("JWTProvider", "idp", provider);
    let open = sample(&text).with(|consul| {
        let near = consul.config.neutral.at.clone();
        consul.config.enterprise = Decided::default(false, "the community edition", near);
    });
    assert!(asks(&open).is_empty());
    assert!(open.ways("web")[0].needs.is_empty());
    let asked = sample(&text).with(|consul| {
        let near = consul.config.neutral.at.clone();
        consul.config.enterprise = Decided::configured(true, near);
    });
    assert_eq!(asks(&asked).len(), 1);
    assert_eq!(asked.leads("web", "web.example", "/"), Some(true));
    let unknown = sample(&text).with(|consul| {
        let near = consul.config.neutral.at.clone();
        consul.config.enterprise = Decided::assumed(false, "nothing says", near);
    });
    assert!(matches!(
        unknown.consul.config.enterprise.because,
        Because::Assumed { .. }
    ));
    assert_eq!(unknown.ways("web")[0].needs.len(), 1);
}

#[test]
fn a_token_of_a_route_is_for_that_route() {
    let filter = "filters: [{type: ExtensionRef, extensionRef: {group: consul.hashicorp.com, kind: RouteAuthFilter, \
                  name: token}}]";
    let rules = format!(
        "rules: [{{matches: [{{path: {{value: /in}}}}], {filter}, backendRefs: [{{name: web}}]}}, {{matches: [{{path: \
         {{value: /}}}}], backendRefs: [{{name: web}}]}}]"
    );
    let text = gateway(HTTP)
        + &route("web", &rules)
        + &object(
            "RouteAuthFilter",
            "token",
            "{jwt: {providers: [{name: idp}]}}",
        );
    let sample = sample(&text).with(|consul| {
        let near = consul.config.neutral.at.clone();
        consul.config.enterprise = Decided::configured(true, near);
    });
    let ways = sample.ways("web");
    assert_eq!(ways.len(), 2);
    for way in &ways {
        let asks = way.all_gates().any(|gate| !gate.routes);
        let takes = |path| crate::mesh::consul::gateway::sample::takes(way, "any", path);
        assert_eq!((takes("/in"), takes("/out")), (asks, !asks));
    }
}

#[test]
fn tcp_routes_lead_connections() {
    let tcp = "{name: tcp, port: 9000, protocol: TCP}";
    let to_raw =
        "{parentRefs: [{name: edge, sectionName: tcp}], rules: [{backendRefs: [{name: raw}]}]}";
    let text = service("raw") + &gateway(tcp) + &api("TCPRoute", "shop", "raw", to_raw);
    assert_eq!(Sample::objects(&text).ways("raw").len(), 1);
    // several on one listener are in conflict
    let text = text + &api("TCPRoute", "shop", "more", to_raw);
    assert!(Sample::objects(&text).ways("raw").is_empty());
}

#[test]
fn a_mesh_service_names_a_service_of_consul() {
    let rules =
        "rules: [{backendRefs: [{group: consul.hashicorp.com, kind: MeshService, name: far}]}]";
    let text = gateway(HTTP) + &route("web", rules);
    let with = |spec| sample(&(text.clone() + &object("MeshService", "far", spec)));
    assert_eq!(with("{name: web}").ways("web").len(), 1);
    assert!(with("{name: web, peer: other}").ways("web").is_empty());
}
