//! What is known of a place in an object: whether a mesh reads it, whether it may be shown.

use super::mesh;
use super::object::Object;
use super::secret::{is_secret, is_value_of_secret, is_variables};
use crate::change::account::LAST_APPLIED;
use crate::syntax::Node;

/// A place in an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Whether it is routing, policy or a setting of a mesh.
    pub(super) of_mesh: bool,
    /// Whether it is in an object of which nothing is to be shown.
    pub(super) in_secret: bool,
    pub(super) hidden: Hidden,
    pub(super) part: Part,
}

/// What of a place is not to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hidden {
    /// Nothing but texts that give themselves away.
    Nothing,
    /// Whatever may be a secret: all but switches.
    Secrets,
    /// Everything.
    Everything,
}

/// A part of an object that has rules of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The object.
    Object {
        is_config_map: bool,
        labels_count: bool,
    },
    /// Metadata, of the object or of what it makes.
    Metadata { own: bool, labels_count: bool },
    /// Labels.
    Labels { own: bool, count: bool },
    /// Annotations.
    Annotations { own: bool },
    /// The texts of a ConfigMap.
    Data,
    /// Variables of containers.
    Variables,
    /// How containers are called.
    Arguments,
    /// Anything else.
    Inside,
}

/// Metadata that a cluster writes by itself.
const BY_CLUSTER: &[&str] = &[
    "creationTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
];

impl Place {
    /// An object as a whole.
    pub(super) fn of(object: &Object<'_>) -> Self {
        let labels_count = object
            .is
            .as_ref()
            .is_some_and(|is| mesh::has_labels_of_workload(is.group, is.kind));
        let is_config_map = object.is("", "ConfigMap");
        let part = match object.is {
            Some(_) => Part::Object {
                is_config_map,
                labels_count,
            },
            None => Part::Inside,
        };
        Self {
            of_mesh: object.is_of_mesh(),
            in_secret: object.is("", "Secret"),
            hidden: Hidden::Nothing,
            part,
        }
    }

    /// The document that a text holds here, which a mesh reads.
    pub(super) fn attached(self) -> Self {
        Self {
            of_mesh: true,
            hidden: match self.hidden {
                Hidden::Secrets => Hidden::Secrets,
                Hidden::Nothing | Hidden::Everything => Hidden::Nothing,
            },
            part: Part::Inside,
            ..self
        }
    }

    /// Whether a field is passed over.
    pub(super) fn passes_over(self, key: &str) -> bool {
        match self.part {
            // the kind is the same where two objects are compared
            Part::Object { .. } => matches!(key, "status" | "kind"),
            Part::Metadata { own: true, .. } => BY_CLUSTER.contains(&key),
            Part::Annotations { own: true } => key == LAST_APPLIED,
            _ => false,
        }
    }

    /// Whether its fields are told one by one even where all of them came or went.
    pub(super) fn is_taken_apart(self) -> bool {
        matches!(
            self.part,
            Part::Metadata { .. } | Part::Labels { .. } | Part::Annotations { .. } | Part::Data
        )
    }

    /// A field of it; `around` is the mapping that has the field.
    pub(super) fn enter(self, key: &str, around: Node<'_>) -> Self {
        let inside = Part::Inside;
        let mut of_mesh = self.of_mesh;
        let mut hidden = match is_secret(key) || is_value_of_secret(key, around) {
            true => self.hidden.max(Hidden::Secrets),
            false => self.hidden,
        };
        let part = match (self.part, key) {
            (Part::Object { labels_count, .. }, "metadata") => Part::Metadata {
                own: true,
                labels_count,
            },
            (Part::Object { is_config_map, .. }, "data" | "binaryData") if is_config_map => {
                Part::Data
            }
            (Part::Object { .. }, _) => {
                of_mesh &= key != "apiVersion";
                self.inside(key)
            }
            (Part::Metadata { own, labels_count }, "labels") => Part::Labels {
                own,
                count: labels_count,
            },
            (Part::Metadata { own, .. }, "annotations") => Part::Annotations { own },
            (Part::Metadata { own, .. }, _) => {
                of_mesh &= !own;
                inside
            }
            (Part::Labels { own, count }, _) => {
                of_mesh = (of_mesh && (!own || count)) || mesh::reads(key);
                inside
            }
            (Part::Annotations { own }, _) => {
                let chosen = mesh::chooses_gateway(key);
                of_mesh = (of_mesh && (!own || chosen)) || mesh::reads(key);
                self.inside(key)
            }
            (Part::Data, _) => {
                hidden = Hidden::Everything;
                inside
            }
            (Part::Variables, _) => {
                // those of an application may hold anything; a mesh's own are its settings
                let is_listed = ["value", "valueFrom"]
                    .iter()
                    .any(|key| around.get(key).is_some());
                if key == "value" || !(is_listed || self.of_mesh) {
                    hidden = Hidden::Everything;
                }
                inside
            }
            (Part::Arguments | Part::Inside, _) => self.inside(key),
        };
        Self {
            of_mesh,
            hidden,
            part,
            ..self
        }
    }

    fn inside(self, key: &str) -> Part {
        match key {
            "metadata" => Part::Metadata {
                own: false,
                labels_count: true,
            },
            "args" | "command" => Part::Arguments,
            _ if is_variables(key) => Part::Variables,
            _ => Part::Inside,
        }
    }
}
