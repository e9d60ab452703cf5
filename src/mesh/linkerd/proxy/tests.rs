#![allow(clippy::unwrap_used)]

use crate::mesh::Mesh;
use crate::mesh::linkerd::sample::{APP, Sample, compile, deployment, namespace, settings};
use crate::model::{LogState, Setting};

/// Settings of the installation, of a namespace `shop`, and of the pods of `shop/api` in it.
fn shop(values: &str, of_namespace: &str, own: &str, spec: &str) -> Sample {
    let of_namespace = format!(", annotations: {{linkerd.io/inject: enabled, {of_namespace}}}");
    let own = format!("annotations: {{{own}}}");
    let text = settings(values)
        + &namespace("shop", &of_namespace)
        + &deployment("shop", "api", &own, spec);
    compile(&[("a.yaml", &text)])
}

fn told(sample: &Sample, settings: Vec<Setting>, name: &str) -> Vec<(String, String)> {
    let of_name = settings.into_iter().filter(|one| one.name == name);
    let told = of_name.map(|one| {
        let at = sample.address(one.because.at());
        let at = at
            .rsplit_once("/annotations/")
            .map_or(at.clone(), |(place, key)| {
                let object = place.split(['/', '.', '#']).next().unwrap_or_default();
                format!("{object} {}", key.replace("~1", "/"))
            });
        let at = at
            .strip_prefix("ConfigMap/linkerd/linkerd-config#/data/")
            .unwrap_or(&at);
        (one.value, at.to_owned())
    });
    told.collect()
}

/// What is set of `shop/api` under a name.
fn set(sample: &Sample, name: &str) -> Vec<(String, String)> {
    told(
        sample,
        sample.linkerd.proxy_settings(sample.workload("shop/api")),
        name,
    )
}

fn pair(value: &str, at: &str) -> (String, String) {
    (value.to_owned(), at.to_owned())
}

const LEVEL: &str = "config.linkerd.io/proxy-log-level";
const HEADERS: &str = "config.linkerd.io/proxy-log-http-headers";

#[test]
fn the_log_is_set_by_the_pods_their_namespace_and_the_installation() {
    let installed = "proxy: {logLevel: \"warn\"}";
    let of_namespace = format!("{LEVEL}: \"info\"");
    let own = format!("{LEVEL}: \"warn,linkerd=info\"");
    let level = |sample: &Sample| set(sample, "proxy_log_level");
    assert_eq!(
        level(&shop("proxy: {}", "", "", APP)),
        [pair("warn,linkerd=info,hickory=error", "values")]
    );
    assert_eq!(
        level(&shop(installed, "", "", APP)),
        [pair("warn", "values/proxy/logLevel")]
    );
    assert_eq!(
        level(&shop(installed, &of_namespace, "", APP)),
        [pair("info", &format!("Namespace {LEVEL}"))]
    );
    assert_eq!(
        level(&shop(installed, &of_namespace, &own, APP)),
        [pair("warn,linkerd=info", &format!("Deployment {LEVEL}"))]
    );
    let decisions = |sample: &Sample| set(sample, "decision_log");
    assert_eq!(
        decisions(&shop(installed, "", "", APP)),
        [pair("off", "values/proxy/logLevel")]
    );
    assert_eq!(
        decisions(&shop(installed, "", &own, APP))
            .first()
            .unwrap()
            .0,
        "on"
    );
    // nobody knows what the namespace says
    let text = settings(installed)
        + &deployment(
            "elsewhere",
            "api",
            "annotations: {linkerd.io/inject: enabled}",
            APP,
        );
    let sample = compile(&[("a.yaml", &text)]);
    let all = sample
        .linkerd
        .proxy_settings(sample.workload("elsewhere/api"));
    assert!(told(&sample, all, "decision_log").is_empty());
    let defaults = told(&sample, sample.linkerd.proxy_defaults(), "decision_log");
    assert_eq!(defaults, [pair("off", "values/proxy/logLevel")]);
}

#[test]
fn headers_are_logged_where_it_is_asked_for_and_the_level_has_them() {
    let insecure = format!("{HEADERS}: insecure");
    let both = format!("{insecure}, {LEVEL}: \"warn,linkerd=debug\"");
    let headers = |sample: &Sample| set(sample, "header_logging");
    let at = format!("Deployment {HEADERS}");
    assert_eq!(
        headers(&shop("proxy: {}", "", &insecure, APP)),
        [pair("permitted", &at)]
    );
    assert_eq!(
        headers(&shop("proxy: {}", "", &both, APP)),
        [pair("written", &at)]
    );
    assert!(headers(&shop("proxy: {logLevel: debug}", "", "", APP)).is_empty());
    assert!(
        headers(&shop(
            "proxy: {}",
            &insecure,
            &format!("{HEADERS}: \"off\""),
            APP
        ))
        .is_empty()
    );
    let installed = "proxy: {logHTTPHeaders: insecure, logLevel: trace}";
    assert_eq!(
        headers(&shop(installed, "", "", APP)),
        [pair("written", "values/proxy/logHTTPHeaders")]
    );
}

#[test]
fn an_access_log_that_is_none() {
    let key = "config.linkerd.io/access-log";
    let invalid = |sample: &Sample| set(sample, "invalid_access_log");
    let own = format!("{key}: \"true\"");
    let sample = shop("proxy: {}", "", &own, APP);
    assert_eq!(
        invalid(&sample),
        [pair("true", &format!("Deployment {key}"))]
    );
    assert_eq!(
        sample.linkerd.access_log(sample.workload("shop/api")).state,
        LogState::Off
    );
    for valid in ["JSON", "apache", ""] {
        let sample = shop(
            "proxy: {accessLog: enabled}",
            "",
            &format!("{key}: \"{valid}\""),
            APP,
        );
        assert!(invalid(&sample).is_empty(), "{valid}");
    }
    let sample = shop("proxy: {accessLog: enabled}", "", "", APP);
    assert_eq!(
        invalid(&sample),
        [pair("enabled", "values/proxy/accessLog")]
    );
    let template = format!("{key}: \"{{{{ .Values.log }}}}\"");
    let sample = shop("proxy: {}", "", &template, APP);
    assert!(invalid(&sample).is_empty());
    assert_eq!(
        sample.linkerd.access_log(sample.workload("shop/api")).state,
        LogState::Unknown
    );
}

#[test]
fn an_access_log_that_is_asked_for_where_nobody_looks() {
    let key = "config.linkerd.io/access-log";
    let with = |of_namespace: &str, labels: &str| {
        let text = settings("proxy: {}")
            + &namespace(
                "shop",
                &format!(", annotations: {{linkerd.io/inject: enabled, {of_namespace}}}"),
            )
            + &deployment("shop", "api", &format!("labels: {{{labels}}}"), APP);
        let sample = compile(&[("a.yaml", &text)]);
        set(&sample, "misplaced_access_log")
    };
    let label = format!("{key}: json");
    let at =
        "Deployment.apps/shop/api#/spec/template/metadata/labels/config.linkerd.io~1access-log";
    assert_eq!(with("", &label), [pair(key, at)]);
    assert!(with(&format!("{key}: json"), &label).is_empty());
    // somebody wants none
    assert!(with(&format!("{key}: \"\""), &label).is_empty());
    assert!(with("", &format!("{key}: please")).is_empty());
}

#[test]
fn networks_past_the_proxy() {
    let key = "config.linkerd.io/skip-subnets";
    let extent = |list: &str| {
        let sample = shop("proxy: {}", "", &format!("{key}: \"{list}\""), APP);
        let at = format!("Deployment {key}");
        let all = set(&sample, "skipped_networks");
        assert!(all.iter().all(|(_, place)| *place == at));
        all.first().map(|(extent, _)| extent.clone())
    };
    assert_eq!(extent(""), None);
    assert_eq!(extent("192.0.2.0/28").as_deref(), Some("few"));
    assert_eq!(extent("192.0.2.7,2001:db8::/124").as_deref(), Some("few"));
    assert_eq!(extent("192.0.2.0/27").as_deref(), Some("some"));
    assert_eq!(extent("10.1.0.0/16").as_deref(), Some("some"));
    assert_eq!(extent("10.0.0.0/8").as_deref(), Some("cluster"));
    assert_eq!(
        extent("10.0.0.0/9,10.128.0.0/9").as_deref(),
        Some("cluster")
    );
    assert_eq!(extent("0.0.0.0/0").as_deref(), Some("everything"));
    assert_eq!(
        extent("0.0.0.0/1, 128.0.0.0/1").as_deref(),
        Some("everything")
    );
    // the pod does not start
    assert_eq!(extent("10.0.0.0/8,here"), None);
    let sample = shop("proxyInit: {skipSubnets: \"192.0.2.0/24\"}", "", "", APP);
    let at = "values/proxyInit/skipSubnets";
    assert_eq!(set(&sample, "skipped_network"), [pair("192.0.2.0/24", at)]);
    let own = shop(
        "proxyInit: {skipSubnets: \"192.0.2.0/24\"}",
        "",
        &format!("{key}: \"\""),
        APP,
    );
    assert!(set(&own, "skipped_network").is_empty());
}

#[test]
fn a_debug_container_comes_by_annotation_or_by_hand() {
    let key = "config.linkerd.io/enable-debug-sidecar";
    let debug = |of_namespace: &str, own: &str, spec: &str| {
        let sample = shop("proxy: {}", of_namespace, own, spec);
        set(&sample, "debug_container")
            .into_iter()
            .map(|(_, at)| at)
            .collect::<Vec<_>>()
    };
    for yes in ["true", "True", "1", "t"] {
        let own = format!("{key}: \"{yes}\"");
        assert_eq!(debug("", &own, APP), [format!("Deployment {key}")], "{yes}");
    }
    for no in ["false", "yes", "tRue", ""] {
        assert!(
            debug("", &format!("{key}: \"{no}\""), APP).is_empty(),
            "{no}"
        );
    }
    assert_eq!(
        debug(&format!("{key}: \"true\""), "", APP),
        [format!("Namespace {key}")]
    );
    assert!(
        debug(
            &format!("{key}: \"true\""),
            &format!("{key}: \"false\""),
            APP
        )
        .is_empty()
    );
    let at = "Deployment.apps/shop/api#/spec/template/spec/containers/1";
    for image in [
        "cr.l5d.io/linkerd/debug:edge-1",
        "reg:5000/linkerd/debug",
        "x/linkerd/debug@sha256:0",
    ] {
        let spec =
            format!("containers: [{{name: app, image: a}}, {{name: d, image: \"{image}\"}}]");
        assert_eq!(debug("", "", &spec), [at], "{image}");
    }
    let other = "containers: [{name: app, image: \"x/linkerd/debugger:1\"}]";
    assert!(debug("", "", other).is_empty());
}

#[test]
fn variables_on_which_security_rests() {
    let key = "config.linkerd.io/proxy-additional-env";
    let list = |name: &str, value: &str| {
        format!("{key}: '[{{\"name\": \"{name}\", \"value\": \"{value}\"}}]'")
    };
    let variables = |sample: &Sample| set(sample, "proxy_environment");
    let log = "LINKERD2_PROXY_LOG";
    let sample = shop("proxy: {}", "", &list(log, "warn"), APP);
    assert_eq!(
        variables(&sample),
        [pair(log, &format!("Deployment {key}"))]
    );
    assert_eq!(
        set(&sample, "decision_log"),
        [pair("off", &format!("Deployment {key}"))]
    );
    // that of the pods counts, and then it leaves out no headers
    let of_namespace = list(log, "warn");
    let sample = shop("proxy: {}", &of_namespace, &list(log, "debug"), APP);
    assert_eq!(
        set(&sample, "header_logging"),
        [pair("written", &format!("Deployment {key}"))]
    );
    // both lists hold
    let inbound = "LINKERD2_PROXY_INBOUND_DEFAULT_POLICY";
    let sample = shop(
        "proxy: {}",
        &of_namespace,
        &list(inbound, "all-unauthenticated"),
        APP,
    );
    assert_eq!(
        variables(&sample),
        [
            pair(inbound, &format!("Deployment {key}")),
            pair(log, &format!("Namespace {key}"))
        ]
    );
    // nobody has asked for headers
    let sample = shop("proxy: {}", "", &list(log, "info"), APP);
    assert!(set(&sample, "header_logging").is_empty());
    let harmless = list("LINKERD2_PROXY_LOG_FORMAT", "json");
    assert!(variables(&shop("proxy: {}", "", &harmless, APP)).is_empty());
    assert!(variables(&shop("proxy: {}", "", &format!("{key}: \"nonsense\""), APP)).is_empty());
    let installed = "proxy: {additionalEnv: [{name: A, value: b}, {name: LINKERD2_PROXY_TAP_SVC_NAME, value: x}]}";
    let sample = shop(installed, "", "", APP);
    assert_eq!(
        variables(&sample),
        [pair(
            "LINKERD2_PROXY_TAP_SVC_NAME",
            "values/proxy/additionalEnv/1/name"
        )]
    );
    // what is installed as an experiment stands last
    let installed = "proxy: {experimentalEnv: [{name: LINKERD2_PROXY_ACCESS_LOG, value: json}]}";
    let sample = shop(installed, "", &list("LINKERD2_PROXY_ACCESS_LOG", "no"), APP);
    assert_eq!(
        sample.linkerd.access_log(sample.workload("shop/api")).state,
        LogState::On
    );
}

#[test]
fn containers_that_get_past_the_proxy() {
    let escapes = |values: &str, own: &str, spec: &str| {
        let sample = shop(values, "", own, spec);
        let all = set(&sample, "redirect_escape").into_iter();
        all.map(|(name, at)| format!("{name} {}", at.rsplit_once("/spec/").unwrap().1))
            .collect::<Vec<_>>()
    };
    let app = |context: &str| {
        format!("containers: [{{name: app, image: a, securityContext: {{{context}}}}}]")
    };
    assert_eq!(
        escapes("proxy: {}", "", &app("runAsUser: 2102")),
        ["app containers/0/securityContext/runAsUser"]
    );
    assert!(escapes("proxy: {}", "", &app("runAsUser: 1000")).is_empty());
    let of_pod = format!("securityContext: {{runAsUser: 2102}}, {APP}");
    assert_eq!(
        escapes("proxy: {}", "", &of_pod),
        ["app securityContext/runAsUser"]
    );
    let overridden = format!(
        "securityContext: {{runAsUser: 2102}}, {}",
        app("runAsUser: 1")
    );
    assert!(escapes("proxy: {}", "", &overridden).is_empty());
    let other = "config.linkerd.io/proxy-uid: \"1000\"";
    assert!(escapes("proxy: {}", other, &app("runAsUser: 2102")).is_empty());
    assert_eq!(
        escapes("proxy: {}", other, &app("runAsUser: 1000")).len(),
        1
    );
    assert_eq!(
        escapes("proxy: {uid: 7}", "", &app("runAsUser: 7")).len(),
        1
    );
    // by default the proxy has no group of its own
    assert!(escapes("proxy: {}", "", &app("runAsGroup: 2102")).is_empty());
    assert_eq!(
        escapes("proxy: {gid: 9}", "", &app("runAsGroup: 9")).len(),
        1
    );
    assert_eq!(escapes("proxy: {}", "", &app("privileged: true")).len(), 1);
    assert!(escapes("proxy: {}", "", &app("privileged: false")).is_empty());
    let added = |name: &str| app(&format!("capabilities: {{add: [SYS_TIME, {name}]}}"));
    assert_eq!(
        escapes("proxy: {}", "", &added("NET_ADMIN")),
        ["app containers/0/securityContext/capabilities/add/1"]
    );
    assert_eq!(escapes("proxy: {}", "", &added("ALL")).len(), 1);
    assert!(escapes("proxy: {}", "", &added("NET_RAW")).is_empty());
    let init = "initContainers: [{name: sysctl, image: a, securityContext: {privileged: true}}], containers: [{name: linkerd-debug, image: a, securityContext: {privileged: true}}]";
    assert!(escapes("proxy: {}", "", init).is_empty());
    let sidecar = "initContainers: [{name: vpn, image: a, restartPolicy: Always, securityContext: {capabilities: {add: [NET_ADMIN]}}}]";
    assert_eq!(escapes("proxy: {}", "", sidecar).len(), 1);
}

#[test]
fn a_default_policy_that_is_none_leaves_the_one_of_the_installation() {
    let key = "config.linkerd.io/default-inbound-policy";
    let invalid = |values: &str, of_namespace: &str, own: &str| {
        let written = |text: &str| match text {
            "-" => String::new(),
            text => format!("{key}: \"{text}\""),
        };
        let sample = shop(values, &written(of_namespace), &written(own), APP);
        set(&sample, "invalid_default_policy")
    };
    let own = format!("Deployment {key}");
    assert_eq!(
        invalid("proxy: {}", "-", "all_authenticated"),
        [pair("all-unauthenticated", &own)]
    );
    assert_eq!(
        invalid("proxy: {defaultInboundPolicy: deny}", "-", "Deny"),
        [pair("deny", &own)]
    );
    // that of its namespace is hidden by it
    assert_eq!(
        invalid("proxy: {}", "deny", "none"),
        [pair("all-unauthenticated", &own)]
    );
    assert_eq!(
        invalid("proxy: {}", "none", "-"),
        [pair("all-unauthenticated", &format!("Namespace {key}"))]
    );
    assert!(invalid("proxy: {}", "none", "deny").is_empty());
    for valid in [
        "deny",
        "audit",
        "cluster-authenticated",
        "{{ .Values.policy }}",
    ] {
        assert!(invalid("proxy: {}", "-", valid).is_empty(), "{valid}");
    }
    assert_eq!(
        invalid("proxy: {}", "deny", ""),
        [pair("all-unauthenticated", &own)]
    );
    assert!(invalid("proxy: {}", "-", "").is_empty());
    assert!(
        invalid(
            "proxy: {defaultInboundPolicy: deny}",
            "cluster-authenticated",
            ""
        )
        .is_empty()
    );
    assert_eq!(
        invalid("proxy: {defaultInboundPolicy: open}", "-", "-"),
        [pair("", "values/proxy/defaultInboundPolicy")]
    );
}

#[test]
fn a_proxy_that_goes_by_the_host_of_requests() {
    let mode = |of_namespace: &str, own: &str, more: &str| {
        let text = settings("proxy: {}")
            + &namespace(
                "shop",
                &format!(", annotations: {{linkerd.io/inject: {of_namespace}}}"),
            )
            + &deployment("shop", "api", &format!("labels: {{app: api}}, {own}"), APP)
            + more;
        let sample = compile(&[("a.yaml", &text)]);
        set(&sample, "ingress_mode").pop().map(|(value, _)| value)
    };
    let own = "annotations: {linkerd.io/inject: ingress}";
    assert_eq!(mode("enabled", own, "").as_deref(), Some("own"));
    assert_eq!(mode("ingress", "", "").as_deref(), Some("inherited"));
    assert_eq!(mode("enabled", "", ""), None);
    let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: api, namespace: shop}\nspec: {type: LoadBalancer, selector: {app: api}, ports: [{port: 80}]}\n";
    assert_eq!(mode("ingress", "", service).as_deref(), Some("exposed"));
    let ingress = |name: &str, annotation: &str| {
        format!(
            "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: {name}, namespace: shop, annotations: {{{annotation}}}}}\nspec: {{}}\n"
        )
    };
    let sets = "nginx.ingress.kubernetes.io/configuration-snippet: \"proxy_set_header L5d-Dst-Override $service_name;\"";
    assert_eq!(
        mode("enabled", own, &ingress("a", sets)).as_deref(),
        Some("named")
    );
    let one_does_not = ingress("a", sets) + &ingress("b", "x: y");
    assert_eq!(mode("enabled", own, &one_does_not).as_deref(), Some("own"));
    let middleware = "---\napiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: l5d, namespace: shop}\nspec: {headers: {customRequestHeaders: {l5d-dst-override: api.shop}}}\n";
    assert_eq!(
        mode("enabled", own, &(ingress("b", "x: y") + middleware)).as_deref(),
        Some("named")
    );
}

#[test]
fn a_proxy_that_is_there_already_has_what_its_container_says() {
    let spec = |environment: &str| {
        format!("initContainers: [{{name: linkerd-proxy, image: p, env: [{environment}]}}], {APP}")
    };
    let labels = "linkerd.io/control-plane-ns: linkerd";
    let sample = |environment: &str| {
        let text = settings("proxy: {accessLog: json, logLevel: warn}")
            + &namespace(
                "shop",
                ", annotations: {linkerd.io/inject: enabled, config.linkerd.io/access-log: json, config.linkerd.io/enable-debug-sidecar: \"true\"}",
            )
            + &deployment(
                "shop",
                "api",
                &format!("labels: {{{labels}}}"),
                &spec(environment),
            );
        compile(&[("a.yaml", &text)])
    };
    let none = sample("");
    assert_eq!(
        none.linkerd.access_log(none.workload("shop/api")).state,
        LogState::Off
    );
    assert!(set(&none, "decision_log").is_empty());
    assert!(set(&none, "debug_container").is_empty());
    let some = sample(
        "{name: LINKERD2_PROXY_ACCESS_LOG, value: json}, {name: LINKERD2_PROXY_LOG, value: \"debug,[{headers}]=off\"}",
    );
    assert_eq!(
        some.linkerd.access_log(some.workload("shop/api")).state,
        LogState::On
    );
    assert_eq!(set(&some, "decision_log").first().unwrap().0, "on");
    assert!(set(&some, "header_logging").is_empty());
}
