//! Helm charts: what comes of them, and where it is written.

mod hostile;
mod places;
mod scans;

use std::path::PathBuf;

use meshvet::load::Helm;

/// Says that the tests which need helm are not to be run though this is CI.
const WITHOUT: &str = "MESHVET_TEST_WITHOUT_HELM";

/// The helm to test with; where there is none, only what needs none is tested. On CI that must be said.
pub fn helm() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let path = variable("PATH").unwrap_or_default();
    let mut on_path = std::env::split_paths(&path).map(|directory| directory.join("helm"));
    let named = variable("MESHVET_HELM").map(PathBuf::from);
    let found = named.or_else(|| on_path.find(|program| program.is_file()));
    let is_fine = found.is_some() || variable("CI").is_none() || variable(WITHOUT).is_some();
    assert!(
        is_fine,
        "there is no helm to test with: set MESHVET_HELM, or {WITHOUT}"
    );
    found
}

/// The same, ready to be run.
pub fn ready() -> Option<Helm> {
    let helm = helm()?;
    let path = std::env::var("PATH").unwrap_or_default();
    Some(Helm::find(Some(&helm), &path, &crate::cli::root()).expect("a helm that can be used"))
}
