//! What to do about what a rule finds, mesh by mesh where that differs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;

/// What to do.
#[derive(Debug, Clone)]
pub struct Remediation {
    /// For every mesh that is named; for all, where none is.
    all: Arc<str>,
    by_mesh: BTreeMap<String, Arc<str>>,
}

/// As metadata has it: a text, or one for each mesh.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Written {
    All(String),
    ByMesh(BTreeMap<String, String>),
}

impl Written {
    /// The meshes that are named.
    pub(super) fn meshes(&self) -> impl Iterator<Item = &String> {
        let named = match self {
            Self::All(_) => None,
            Self::ByMesh(texts) => Some(texts.keys()),
        };
        named.into_iter().flatten()
    }

    /// Whether anything is left unsaid.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::All(text) => text.trim().is_empty(),
            Self::ByMesh(texts) => {
                texts.is_empty() || texts.values().any(|text| text.trim().is_empty())
            }
        }
    }
}

impl From<Written> for Remediation {
    fn from(written: Written) -> Self {
        match written {
            Written::All(text) => Self {
                all: text.trim().into(),
                by_mesh: BTreeMap::new(),
            },
            Written::ByMesh(texts) => {
                let each = texts.iter().map(|(mesh, text)| {
                    let mut name = mesh.chars();
                    let first = name.next().map(|c| c.to_uppercase().to_string());
                    let first = first.unwrap_or_default();
                    format!("{first}{}: {}", name.as_str(), text.trim())
                });
                let each: Vec<String> = each.collect();
                let texts = texts.into_iter();
                Self {
                    all: each.join("\n").into(),
                    by_mesh: texts.map(|(k, text)| (k, text.trim().into())).collect(),
                }
            }
        }
    }
}

impl Remediation {
    /// What to do in a mesh; where it is not known which, in each.
    pub fn of(&self, mesh: Option<&str>) -> Arc<str> {
        let own = mesh.and_then(|mesh| self.by_mesh.get(mesh));
        Arc::clone(own.unwrap_or(&self.all))
    }
}

/// What to do in each mesh.
impl fmt::Display for Remediation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.all)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Remediation, Written};

    #[test]
    fn each_mesh_has_its_own() {
        let written = |json: &str| serde_json::from_str::<Written>(json).unwrap();
        let one = Remediation::from(written(r#""Do it.\n""#));
        assert_eq!(&*one.of(Some("istio")), "Do it.");
        let two = Remediation::from(written(r#"{"linkerd": "B", "istio": "A"}"#));
        assert_eq!(&*two.of(Some("linkerd")), "B");
        assert_eq!(&*two.of(Some("consul")), "Istio: A\nLinkerd: B");
        assert_eq!(two.to_string(), "Istio: A\nLinkerd: B");
        assert!(written(r#"{"istio": " "}"#).is_empty());
    }
}
