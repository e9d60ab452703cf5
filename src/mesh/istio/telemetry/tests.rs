#![allow(clippy::unwrap_used, clippy::panic)]

use super::proxy::Waypoint;
use super::*;
use crate::mesh::Mesh as _;
use crate::mesh::istio::sample::{Sample, compile, deployment, workload};
use crate::model::{AccessLog, Because, LogState, Missing, Tracing};

/// An environment with the workload `shop/api`, mesh settings, and further objects.
fn mesh(settings: &str, objects: &[String]) -> Sample {
    let indented = settings.replace('\n', "\n    ");
    let map = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: istio, namespace: istio-system}}\ndata:\n  mesh: |\n    {indented}\n"
    );
    compile(&[
        ("app.yaml", &workload("shop")),
        ("istio.yaml", &map),
        ("objects.yaml", &objects.join("---\n")),
    ])
}

/// A Telemetry; the spec as it is written, on one line.
fn telemetry(namespace: &str, name: &str, spec: &str) -> String {
    format!(
        "apiVersion: telemetry.istio.io/v1\nkind: Telemetry\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )
}

fn log_of(sample: &Sample, name: &str) -> AccessLog {
    sample.istio.access_log(sample.workload(name))
}

/// The log of `shop/api`, and the end of the address that decided it.
fn state(settings: &str, objects: &[String]) -> (LogState, String) {
    let sample = mesh(settings, objects);
    let log = log_of(&sample, "shop/api");
    let at = sample.address(log.because.at());
    (log.state, at.rsplit('#').next().unwrap().to_owned())
}

const ENVOY: &str = "{accessLogging: [{providers: [{name: envoy}]}]}";
const QUIET: &str = "{accessLogging: [{disabled: true}]}";
const FILE: &str = "accessLogFile: /dev/stdout";

#[test]
fn without_telemetry_the_settings_decide() {
    use LogState::{Off, On};
    for (settings, expected) in [
        ("{}", Off),
        (FILE, On),
        ("accessLogFile: \"\"", Off),
        ("enableEnvoyAccessLogService: true", On),
        ("defaultProviders: {accessLogging: [envoy]}", On),
        ("defaultProviders: {accessLogging: [ENVOY]}", On),
        ("defaultProviders: {accessLogging: [prometheus]}", Off),
        (
            "defaultProviders: {accessLogging: [nobody]}\naccessLogFile: /dev/stdout",
            On,
        ),
    ] {
        assert_eq!(state(settings, &[]).0, expected, "{settings}");
    }
}

#[test]
fn only_telemetries_about_logs_say_anything_about_them() {
    let spans = telemetry(
        "istio-system",
        "spans",
        "{tracing: [{disableSpanReporting: true}]}",
    );
    assert_eq!(state(FILE, &[spans]).0, LogState::On);
    // the older of two for a whole namespace counts alone, even if it is not about logs
    let older = telemetry("shop", "a", "{metrics: [{}]}");
    let younger = telemetry("shop", "b", ENVOY);
    assert_eq!(state("{}", &[older, younger]).0, LogState::Off);
}

#[test]
fn a_switch_works_on_providers_that_are_named_somewhere() {
    let quiet = telemetry("shop", "quiet", QUIET);
    let mesh_wide = telemetry("istio-system", "all", ENVOY);
    // nobody is named: the file goes on
    assert_eq!(state(FILE, std::slice::from_ref(&quiet)).0, LogState::On);
    let (off, at) = state(FILE, &[mesh_wide, quiet.clone()]);
    assert_eq!(
        (off, &*at),
        (LogState::Off, "/spec/accessLogging/0/disabled")
    );
    let default = "accessLogFile: /dev/stdout\ndefaultProviders: {accessLogging: [envoy]}";
    assert_eq!(state(default, &[quiet]).0, LogState::Off);
    let named = "{accessLogging: [{disabled: true, providers: [{name: envoy}]}]}";
    assert_eq!(
        state(FILE, &[telemetry("shop", "quiet", named)]).0,
        LogState::Off
    );
}

#[test]
fn an_entry_that_names_the_provider_switches_it_on_again() {
    let off = "{accessLogging: [{disabled: true, providers: [{name: envoy}]}]}";
    let objects = [
        telemetry("istio-system", "all", off),
        telemetry("shop", "again", ENVOY),
    ];
    assert_eq!(state("{}", &objects).0, LogState::On);
    let inherits = [
        telemetry("istio-system", "all", off),
        telemetry("shop", "again", "{accessLogging: [{disabled: false}]}"),
    ];
    assert_eq!(state("{}", &inherits).0, LogState::On);
}

#[test]
fn the_last_level_that_names_providers_decides_which_are_asked() {
    let settings = "extensionProviders:\n- {name: file, envoyFileAccessLog: {path: /dev/stdout}}\n- {name: spans, zipkin: {service: a, port: 1}}";
    let root = telemetry("istio-system", "all", ENVOY);
    let other = "{accessLogging: [{disabled: true, providers: [{name: FILE}]}]}";
    // envoy is no longer asked, and the only one that is asked is off
    let objects = [root.clone(), telemetry("shop", "other", other)];
    assert_eq!(state(settings, &objects).0, LogState::Off);
    // what writes no log is as good as nobody
    let spans = "{accessLogging: [{providers: [{name: spans}]}]}";
    let objects = [root, telemetry("shop", "other", spans)];
    assert_eq!(state(settings, &objects).0, LogState::Off);
    assert_eq!(
        state(&format!("{settings}\n{FILE}"), &objects).0,
        LogState::On
    );
}

#[test]
fn a_selector_counts_in_the_workloads_own_namespace_only() {
    let spec =
        "{selector: {matchLabels: {app: api}}, accessLogging: [{providers: [{name: envoy}]}]}";
    assert_eq!(
        state("{}", &[telemetry("istio-system", "t", spec)]).0,
        LogState::Off
    );
    assert_eq!(state("{}", &[telemetry("shop", "t", spec)]).0, LogState::On);
    let other = spec.replace("api", "other");
    assert_eq!(
        state("{}", &[telemetry("shop", "t", &other)]).0,
        LogState::Off
    );
    // two are put together, and the younger one has the last word
    let off = spec.replace("name: envoy}]", "name: envoy}], disabled: true");
    let both = [telemetry("shop", "a", spec), telemetry("shop", "b", &off)];
    assert_eq!(state("{}", &both).0, LogState::Off);
}

#[test]
fn sidecars_look_at_no_targets() {
    let spec =
        "{targetRefs: [{kind: Service, name: api}], accessLogging: [{providers: [{name: envoy}]}]}";
    assert_eq!(
        state("{}", &[telemetry("shop", "t", spec)]).0,
        LogState::Off
    );
}

#[test]
fn one_direction_is_a_part() {
    let client = "{accessLogging: [{match: {mode: CLIENT}, providers: [{name: envoy}]}]}";
    let sample = mesh("{}", &[telemetry("istio-system", "t", client)]);
    let log = log_of(&sample, "shop/api");
    assert_eq!(
        (log.state, log.lacks),
        (LogState::Partial, Some(Missing::Direction))
    );
    // the other direction falls back to the file
    assert_eq!(
        state(FILE, &[telemetry("istio-system", "t", client)]).0,
        LogState::On
    );
    let off = "{accessLogging: [{providers: [{name: envoy}]}, {match: {mode: SERVER}, providers: [{name: envoy}], disabled: true}]}";
    let (part, at) = state(FILE, &[telemetry("shop", "t", off)]);
    assert_eq!(
        (part, &*at),
        (LogState::Partial, "/spec/accessLogging/1/disabled")
    );
}

#[test]
fn a_filter_is_that_of_the_last_entry_that_names_the_provider() {
    let filtered = "{accessLogging: [{providers: [{name: envoy}], filter: {expression: response.code >= 500}}]}";
    let sample = mesh("{}", &[telemetry("istio-system", "t", filtered)]);
    let log = log_of(&sample, "shop/api");
    assert_eq!(
        (log.state, log.lacks),
        (LogState::Partial, Some(Missing::Filtered))
    );
    let root = telemetry("istio-system", "t", filtered);
    assert_eq!(
        state("{}", &[root.clone(), telemetry("shop", "t", ENVOY)]).0,
        LogState::On
    );
    let inherits = "{accessLogging: [{disabled: false}]}";
    let (part, at) = state("{}", &[root, telemetry("shop", "t", inherits)]);
    assert_eq!(
        (part, &*at),
        (LogState::Partial, "/spec/accessLogging/0/filter/expression")
    );
    // a filter that names nobody filters nothing
    let alone = "{accessLogging: [{filter: {expression: response.code >= 500}}]}";
    let objects = [
        telemetry("istio-system", "t", ENVOY),
        telemetry("shop", "t", alone),
    ];
    assert_eq!(state("{}", &objects).0, LogState::On);
    // a second provider without a filter writes everything
    let settings = "extensionProviders: [{name: file, envoyFileAccessLog: {path: /dev/stdout}}]";
    let both = "{accessLogging: [{providers: [{name: envoy}], filter: {expression: \"false\"}}, {providers: [{name: file}]}]}";
    assert_eq!(
        state(settings, &[telemetry("shop", "t", both)]).0,
        LogState::On
    );
}

#[test]
fn a_provider_without_its_service_does_nothing() {
    let settings = |service: &str| {
        format!(
            "extensionProviders: [{{name: otel, envoyOtelAls: {{service: {service}, port: 4317}}}}]"
        )
    };
    let on = telemetry(
        "istio-system",
        "t",
        "{accessLogging: [{providers: [{name: otel}]}]}",
    );
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: otel, namespace: tools}\nspec: {ports: [{port: 4317}]}\n".to_owned();
    let entry = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: otel, namespace: tools}\n\
                 spec: {hosts: [otel.example.com]}\n"
        .to_owned();
    let all = [on.clone(), service.clone(), entry];
    for (name, expected) in [
        ("otel.tools.svc.cluster.local", LogState::On),
        ("tools/otel.tools.svc.cluster.local", LogState::On),
        ("shop/otel.tools.svc.cluster.local", LogState::Off),
        ("other.tools.svc.cluster.local", LogState::Off),
        ("otel.tools", LogState::Off),
        ("otel.example.com", LogState::On),
        ("tools/otel.example.com", LogState::On),
        ("otel.example.org", LogState::Off),
        ("\"\"", LogState::Off),
    ] {
        assert_eq!(state(&settings(name), &all).0, expected, "{name}");
    }
    // of a namespace that is not in the input, nothing is known
    let name = settings("otel.tools.svc.cluster.local");
    assert_eq!(state(&name, std::slice::from_ref(&on)).0, LogState::Unknown);
    // unless the file writes what the provider would
    assert_eq!(state(&format!("{name}\n{FILE}"), &[on]).0, LogState::On);
}

#[test]
fn a_telemetry_of_another_control_plane_counts_for_its_proxies_only() {
    let labelled = telemetry("istio-system", "t, labels: {istio.io/rev: canary}", ENVOY);
    assert_eq!(state("{}", &[labelled]).0, LogState::Off);
}

/// An environment with a gateway of the Gateway API, `edge/front`, and a Telemetry in `edge`.
fn gateway(settings: &str, labels: &str, spec: &str) -> LogState {
    let pods = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: front, namespace: edge}}\nspec:\n  template:\n    \
         metadata: {{labels: {{{labels}}}, annotations: {{inject.istio.io/templates: gateway}}}}\n    spec: {{containers: [{{name: istio-proxy, image: auto}}]}}\n"
    );
    let sample = mesh(settings, &[pods, telemetry("edge", "t", spec)]);
    log_of(&sample, "edge/front").state
}

#[test]
fn gateways_log_as_clients_only() {
    let client = "{accessLogging: [{match: {mode: CLIENT}, providers: [{name: envoy}]}]}";
    assert_eq!(gateway("{}", "app: front", client), LogState::On);
    let server = client.replace("CLIENT", "SERVER");
    assert_eq!(gateway("{}", "app: front", &server), LogState::Off);
    assert_eq!(gateway(FILE, "app: front", &server), LogState::On);
}

#[test]
fn gateways_of_the_gateway_api_look_at_targets() {
    let of_api = "gateway.networking.k8s.io/gateway-name: front, app: front";
    let spec = |target: &str| {
        format!("{{targetRefs: [{target}], accessLogging: [{{providers: [{{name: envoy}}]}}]}}")
    };
    let front = "{group: gateway.networking.k8s.io, kind: Gateway, name: front}";
    assert_eq!(gateway("{}", of_api, &spec(front)), LogState::On);
    assert_eq!(gateway("{}", "app: front", &spec(front)), LogState::Off);
    for other in [
        "{group: gateway.networking.k8s.io, kind: Gateway, name: back}",
        "{group: networking.istio.io, kind: Gateway, name: front}",
        "{group: gateway.networking.k8s.io, kind: Gateway, name: front, namespace: shop}",
        "{kind: Service, name: front}",
    ] {
        assert_eq!(
            gateway("{}", of_api, &spec(other)),
            LogState::Off,
            "{other}"
        );
    }
    let selector =
        "{selector: {matchLabels: {app: front}}, accessLogging: [{providers: [{name: envoy}]}]}";
    assert_eq!(gateway("{}", of_api, selector), LogState::On);
    let off = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: istiod, namespace: istio-system}\nspec:\n  template:\n    spec:\n      \
               containers: [{name: d, image: p, env: [{name: ENABLE_SELECTOR_BASED_K8S_GATEWAY_POLICY, value: \"false\"}]}]\n---\n";
    let pods = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: front, namespace: edge}\nspec:\n  template:\n    \
                metadata: {labels: {gateway.networking.k8s.io/gateway-name: front, app: front}}\n    spec: {containers: [{name: istio-proxy, image: auto}]}\n---\n";
    let sample = mesh(
        "{}",
        &[format!("{off}{pods}{}", telemetry("edge", "t", selector))],
    );
    assert_eq!(log_of(&sample, "edge/front").state, LogState::Off);
}

#[test]
fn waypoints_are_told_by_targets_in_the_namespace_of_what_they_serve() {
    let check = |namespace: &str, spec: &str| {
        let sample = mesh("{}", &[telemetry(namespace, "t", spec)]);
        let near = sample.workload("shop/api").at();
        let proxy = Proxy::Waypoint(Waypoint {
            gateway: ("infra", "waypoint"),
            serves: Some(("Service", "shop", "api")),
            near: &near,
        });
        sample.istio.telemetry("default").access_log(&proxy).state
    };
    let spec = |target: &str| {
        format!(
            "{{targetRefs: [{target}], accessLogging: [{{match: {{mode: SERVER}}, providers: [{{name: envoy}}]}}]}}"
        )
    };
    let service = spec("{kind: Service, name: api}");
    assert_eq!(check("shop", &service), LogState::On);
    assert_eq!(
        check("shop", &spec("{group: core, kind: Service, name: api}")),
        LogState::On
    );
    assert_eq!(check("infra", &service), LogState::Off);
    assert_eq!(
        check("shop", &spec("{kind: Service, name: other}")),
        LogState::Off
    );
    for namespace in ["istio-system", "infra", "shop"] {
        assert_eq!(check(namespace, ENVOY), LogState::On, "{namespace}");
    }
    let selector =
        "{selector: {matchLabels: {app: api}}, accessLogging: [{providers: [{name: envoy}]}]}";
    assert_eq!(check("shop", selector), LogState::Off);
}

/// The log of a pod in ambient mode beside ztunnel with this variable or these values.
fn ambient(files: &[(&str, &str)]) -> AccessLog {
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}\n";
    let app = format!("{namespace}---\n{}", deployment("shop", "api"));
    let mut all = vec![("app.yaml", app.as_str())];
    all.extend_from_slice(files);
    log_of(&compile(&all), "shop/api")
}

#[test]
fn ztunnel_writes_about_connections_whatever_telemetry_says() {
    let plain = ambient(&[("t.yaml", &telemetry("shop", "t", QUIET))]);
    assert_eq!(
        (plain.state, plain.lacks),
        (LogState::On, Some(Missing::Requests))
    );
    assert!(plain.assumed && matches!(plain.because, Because::Assumed { .. }));
    let daemon = |level: &str| {
        ambient(&[(
            "z.yaml",
            &format!(
                "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {{name: ztunnel, namespace: istio-system}}\nspec:\n  template:\n    \
                 metadata: {{labels: {{app: ztunnel}}}}\n    spec: {{containers: [{{name: istio-proxy, image: z, env: [{{name: RUST_LOG, value: \"{level}\"}}]}}]}}\n"
            ),
        )])
    };
    assert_eq!(daemon("info").lacks, Some(Missing::Requests));
    assert_eq!(daemon("error").lacks, Some(Missing::Successes));
    assert_eq!(daemon("info,access=off").state, LogState::Off);
    assert!(daemon("error").because.is_configured());
}

#[test]
fn ztunnels_level_is_read_where_it_is_installed_from() {
    for (name, text) in [
        (
            "sail",
            "apiVersion: sailoperator.io/v1\nkind: ZTunnel\nmetadata: {name: default}\nspec: {values: {ztunnel: {logLevel: \"off\"}}}\n",
        ),
        (
            "values",
            "logLevel: \"off\"\nistioNamespace: istio-system\n",
        ),
        ("umbrella", "ztunnel: {env: {RUST_LOG: \"off\"}}\n"),
        (
            "operator",
            "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec: {profile: ambient, values: {ztunnel: {logLevel: \"off\"}}}\n",
        ),
        (
            "argo",
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: z}\nspec: {source: {chart: ztunnel, helm: {valuesObject: {logLevel: \"off\"}}}}\n",
        ),
    ] {
        assert_eq!(ambient(&[("z.yaml", text)]).state, LogState::Off, "{name}");
    }
    assert_eq!(
        ambient(&[("z.yaml", "logLevel: \"off\"\nimage: shop\n")]).state,
        LogState::On
    );
}

/// The spans of `shop/api`.
fn spans(settings: &str, objects: &[String]) -> Tracing {
    let sample = mesh(settings, objects);
    sample.istio.tracing(sample.workload("shop/api"))
}

const COLLECTOR: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: otel, namespace: tools}\nspec: {ports: [{port: 4317}]}\n";
const TRACER: &str = "extensionProviders: [{name: otel, opentelemetry: {service: otel.tools.svc.cluster.local, port: 4317}}]";

#[test]
fn spans_go_to_the_first_provider_that_is_named_last() {
    let entry = |text: &str| telemetry("istio-system", "t", &format!("{{tracing: [{text}]}}"));
    let on = entry("{providers: [{name: otel}], randomSamplingPercentage: 20}");
    let traced = spans(TRACER, &[on.clone(), COLLECTOR.to_owned()]);
    assert_eq!((traced.state, traced.sampling), (LogState::On, Some(20.0)));
    assert_eq!(spans(TRACER, &[on]).state, LogState::Unknown);
    for off in [
        "{providers: [{name: nobody}, {name: otel}]}",
        "{providers: [{name: envoy}]}",
        "{randomSamplingPercentage: 100}",
        "{providers: [{name: otel}], disableSpanReporting: true}",
    ] {
        let none = spans(TRACER, &[entry(off), COLLECTOR.to_owned()]);
        assert_eq!(none.state, LogState::Off, "{off}");
    }
    let part =
        entry("{providers: [{name: otel}]}, {match: {mode: CLIENT}, disableSpanReporting: true}");
    assert_eq!(
        spans(TRACER, &[part, COLLECTOR.to_owned()]).state,
        LogState::Partial
    );
}

#[test]
fn spans_without_telemetry_are_a_matter_of_the_settings() {
    let default = format!(
        "{TRACER}\ndefaultProviders: {{tracing: [otel]}}\ndefaultConfig: {{tracing: {{sampling: 5}}}}"
    );
    let traced = spans(&default, &[COLLECTOR.to_owned()]);
    assert_eq!((traced.state, traced.sampling), (LogState::On, Some(5.0)));
    let own = "defaultConfig: {tracing: {zipkin: {address: z:9411}}}";
    assert_eq!(spans(own, &[]).sampling, Some(1.0));
    assert_eq!(
        spans(&format!("{own}\nenableTracing: false"), &[]).state,
        LogState::Off
    );
    assert_eq!(
        spans("defaultConfig: {tracing: {}}", &[]).state,
        LogState::Off
    );
    assert_eq!(spans("{}", &[]).state, LogState::Off);
    let zipkin = "apiVersion: v1\nkind: Service\nmetadata: {name: zipkin, namespace: istio-system}\nspec: {ports: [{port: 9411}]}\n";
    assert_eq!(spans("{}", &[zipkin.to_owned()]).state, LogState::On);
    let sampler = TRACER.replace("port: 4317", "port: 4317, dynatraceSampler: {}");
    let default = format!("{sampler}\ndefaultProviders: {{tracing: [otel]}}");
    let traced = spans(&default, &[COLLECTOR.to_owned()]);
    assert_eq!((traced.state, traced.sampling), (LogState::On, None));
}

#[test]
fn what_is_sent_beyond_the_usual_fields_is_a_format() {
    let settings = "extensionProviders:\n- name: als\n  envoyHttpAls: {service: a, port: 1, additionalRequestHeadersToLog: [authorization]}";
    let sample = mesh(settings, &[]);
    let formats = &sample.istio.config.neutral.log_formats;
    let (text, at) = formats.first().unwrap();
    assert!(text.contains("%REQ(authorization)%") && text.contains("downstream_peer"));
    assert!(
        sample
            .address(at)
            .ends_with("/additionalRequestHeadersToLog")
    );
    let json = "accessLogEncoding: JSON\naccessLogFormat: '%REQ(COOKIE)%'";
    assert!(mesh(json, &[]).istio.config.access_log_format.is_none());
    let json = "accessLogEncoding: JSON\naccessLogFormat: '{\"a\": \"%REQ(COOKIE)%\"}'";
    assert!(mesh(json, &[]).istio.config.access_log_format.is_some());
}
