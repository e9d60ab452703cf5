//! Installation profiles: the settings they bring along.
//!
//! `istio/istio: manifests/helm-profiles`.

/// What a profile sets in the mesh configuration.
pub(super) fn setting(profile: &str, path: &[&str]) -> Option<&'static str> {
    match (profile, path) {
        ("demo", ["accessLogFile"]) => Some("/dev/stdout"),
        (
            "ambient" | "openshift-ambient",
            ["defaultConfig", "proxyMetadata", "ISTIO_META_ENABLE_HBONE"],
        ) => Some("true"),
        _ => None,
    }
}
