//! Who may do what with which objects, as RBAC objects say.
//!
//! Other authorizers (a cloud's, a webhook) may grant more; nothing of that is in files. What
//! counts: `kubernetes/kubernetes: plugin/pkg/auth/authorizer/rbac/rbac.go`,
//! `pkg/registry/rbac/validation/rule.go`.

mod builtin;
mod read;
mod roles;
mod rule;

use std::fmt;
use std::sync::Arc;

use crate::model::At;

pub(super) use read::read;
pub use rule::{Request, Rule};

/// Everything that RBAC objects of an environment grant.
#[derive(Debug, Default)]
pub struct Rbac {
    /// The bindings, in the order they were read.
    pub bindings: Vec<Binding>,
}

/// A RoleBinding or ClusterRoleBinding with what it hands out.
#[derive(Debug)]
pub struct Binding {
    /// Who gets it, and where that is written.
    pub subjects: Vec<(Subject, At)>,
    /// The namespace it holds in; everywhere, if none.
    pub namespace: Option<Arc<str>>,
    /// The role: `ClusterRole edit`.
    pub role: String,
    /// Whether that is a ClusterRole.
    pub of_cluster: bool,
    /// Where the role is named.
    pub role_at: At,
    /// What the role allows; nothing, if it is not in the input.
    pub rules: Arc<[Arc<Rule>]>,
}

/// Who is allowed something.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A user of this name.
    User(Arc<str>),
    /// Whoever is in a group.
    Group(Arc<str>),
    /// A service account.
    ServiceAccount {
        /// Its namespace.
        namespace: Arc<str>,
        /// Its name.
        name: Arc<str>,
    },
}

impl Subject {
    /// A user by name; what is named after a service account is that service account.
    /// `kubernetes/apiserver: pkg/authentication/serviceaccount/util.go` (SplitUsername).
    pub fn user(name: &str) -> Self {
        let account = name.strip_prefix("system:serviceaccount:");
        match account.and_then(|rest| rest.split_once(':')) {
            Some((namespace, name)) => Self::ServiceAccount {
                namespace: namespace.into(),
                name: name.into(),
            },
            None => Self::User(name.into()),
        }
    }

    /// Whether it is everyone, everyone with a name, or every service account.
    pub fn is_everyone(&self) -> bool {
        match self {
            Self::User(name) => &**name == "system:anonymous",
            Self::Group(name) => matches!(
                &**name,
                "system:authenticated" | "system:unauthenticated" | "system:serviceaccounts"
            ),
            Self::ServiceAccount { .. } => false,
        }
    }

    /// The namespace whose service accounts it stands for, all of them.
    pub fn accounts_of(&self) -> Option<&str> {
        match self {
            Self::Group(name) => name.strip_prefix("system:serviceaccounts:"),
            Self::User(_) | Self::ServiceAccount { .. } => None,
        }
    }

    /// Whether it is a part of Kubernetes itself, or an administrator whom no RBAC object limits.
    pub fn is_platform(&self) -> bool {
        let (Self::User(name) | Self::Group(name)) = self else {
            return false;
        };
        let system = name.starts_with("system:") || &**name == "kubeadm:cluster-admins";
        system && !self.is_everyone() && self.accounts_of().is_none()
    }
}

/// `user ann`, `group dev`, `service account ci/deployer`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => write!(f, "user {name}"),
            Self::Group(name) => write!(f, "group {name}"),
            Self::ServiceAccount { namespace, name } => {
                write!(f, "service account {namespace}/{name}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_named_after_a_service_account_is_it() {
        let account = Subject::user("system:serviceaccount:ci:deployer");
        assert_eq!(account.to_string(), "service account ci/deployer");
        assert_eq!(Subject::user("ann").to_string(), "user ann");
    }

    #[test]
    fn what_belongs_to_the_platform_is_told_from_everyone() {
        let group = |name: &str| Subject::Group(name.into());
        assert!(group("system:masters").is_platform());
        assert!(group("system:authenticated").is_everyone());
        assert!(!group("system:authenticated").is_platform());
        assert_eq!(
            group("system:serviceaccounts:shop").accounts_of(),
            Some("shop")
        );
        assert!(!group("system:serviceaccounts:shop").is_platform());
        assert!(!group("dev").is_platform());
    }
}
