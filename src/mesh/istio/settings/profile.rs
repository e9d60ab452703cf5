//! Installation profiles: the settings they bring along.
//!
//! `istio/istio: manifests/helm-profiles`, `istio/istio: manifests/profiles`.

/// The profiles that come with Istio.
const KNOWN: &[&str] = &[
    "ambient",
    "default",
    "demo",
    "empty",
    "external",
    "minimal",
    "openshift",
    "openshift-ambient",
    "preview",
    "remote",
    "stable",
];

/// What a profile sets: itself, the path in the mesh configuration, the value.
type Setting = (&'static str, &'static [&'static str], &'static str);

const HBONE: &[&str] = &["defaultConfig", "proxyMetadata", "ISTIO_META_ENABLE_HBONE"];

const SETTINGS: &[Setting] = &[
    ("demo", &["accessLogFile"], "/dev/stdout"),
    ("demo", &["traceSampling"], "100"),
    ("ambient", HBONE, "true"),
    ("openshift-ambient", HBONE, "true"),
];

/// Whether it comes with Istio.
pub(super) fn is_known(profile: &str) -> bool {
    KNOWN.contains(&profile)
}

/// Whether it sets anything that is looked at.
pub(super) fn sets_something(profile: &str) -> bool {
    SETTINGS.iter().any(|(name, _, _)| *name == profile)
}

/// What a profile sets in the mesh configuration.
pub(super) fn setting(profile: &str, path: &[&str]) -> Option<&'static str> {
    let found = SETTINGS
        .iter()
        .find(|(name, field, _)| *name == profile && *field == path);
    found.map(|(_, _, value)| *value)
}

const COLLECTOR: &str = "opentelemetry-collector.observability.svc.cluster.local";

/// Providers that a profile brings along where no others are written: name, kind, service.
pub(super) fn providers(profile: &str) -> &'static [(&'static str, &'static str, &'static str)] {
    match profile {
        "demo" => &[
            ("otel", "envoyOtelAls", COLLECTOR),
            (
                "skywalking",
                "skywalking",
                "tracing.istio-system.svc.cluster.local",
            ),
            ("otel-tracing", "opentelemetry", COLLECTOR),
        ],
        _ => &[],
    }
}

/// Whether a profile switches on a variable of istiod.
pub(super) fn switches_on(profile: &str, variable: &str) -> bool {
    matches!(profile, "ambient" | "openshift-ambient") && variable == "PILOT_ENABLE_AMBIENT"
}
