//! One rule of a role, and whether it allows a request.

use crate::model::At;

/// One rule of a role. Its fields belong together: those of two rules never combine.
#[derive(Debug, Clone, Default)]
pub struct Rule {
    /// Verbs, or `*`.
    pub verbs: Vec<String>,
    /// API groups, or `*`; empty is the core group.
    pub groups: Vec<String>,
    /// Resources, `resource/subresource`, `*/subresource`, or `*`.
    pub resources: Vec<String>,
    /// Names it is limited to; none is no limit.
    pub names: Vec<String>,
    /// Where it is written; nowhere, if Kubernetes comes with it.
    pub at: Option<At>,
}

/// What someone wants to do.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The verb.
    pub verb: &'a str,
    /// The API group.
    pub group: &'a str,
    /// The resource, with its subresource if it is about one.
    pub resource: &'a str,
    /// The name of the object, of requests that carry one.
    pub name: Option<&'a str>,
}

impl Rule {
    /// Whether it allows a request.
    /// `kubernetes/kubernetes: pkg/apis/rbac/v1/evaluation_helpers.go`.
    pub fn allows(&self, request: &Request<'_>) -> bool {
        let names =
            |list: &[String], wanted: &str| list.iter().any(|one| one == "*" || one == wanted);
        names(&self.verbs, request.verb)
            && names(&self.groups, request.group)
            && self.has_resource(request.resource)
            && (self.names.is_empty()
                || request
                    .name
                    .is_some_and(|name| self.names.iter().any(|one| one == name)))
    }

    /// `pods/*` takes nothing, and `pods` does not take `pods/log`.
    fn has_resource(&self, wanted: &str) -> bool {
        let below = wanted.split_once('/').map(|(_, below)| below);
        self.resources.iter().any(|one| {
            one == "*"
                || one == wanted
                || below.is_some_and(|below| one.strip_prefix("*/") == Some(below))
        })
    }

    /// Whether it allows everything with everything.
    pub fn is_everything(&self) -> bool {
        let any = |list: &[String]| list.iter().any(|one| one == "*");
        any(&self.verbs) && any(&self.groups) && any(&self.resources) && self.names.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(verbs: &[&str], groups: &[&str], resources: &[&str], names: &[&str]) -> Rule {
        let own = |list: &[&str]| list.iter().map(|&one| one.to_owned()).collect();
        Rule {
            verbs: own(verbs),
            groups: own(groups),
            resources: own(resources),
            names: own(names),
            at: None,
        }
    }

    fn asks<'a>(verb: &'a str, resource: &'a str, name: Option<&'a str>) -> Request<'a> {
        Request {
            verb,
            group: "",
            resource,
            name,
        }
    }

    #[test]
    fn every_field_has_to_agree() {
        let own = rule(&["get", "patch"], &[""], &["pods"], &[]);
        assert!(own.allows(&asks("patch", "pods", None)));
        assert!(!own.allows(&asks("create", "pods", None)));
        assert!(!own.allows(&asks("patch", "secrets", None)));
        let other = Request {
            group: "apps",
            ..asks("patch", "pods", None)
        };
        assert!(!own.allows(&other));
        assert!(rule(&["*"], &["*"], &["*"], &[]).allows(&other));
    }

    #[test]
    fn subresources_are_resources_of_their_own() {
        for (resources, takes_pods, takes_log) in [
            (["pods"], true, false),
            (["pods/log"], false, true),
            (["*/log"], false, true),
            (["pods/*"], false, false),
            (["*/*"], false, false),
            (["*"], true, true),
        ] {
            let own = rule(&["get"], &[""], &resources, &[]);
            assert_eq!(own.allows(&asks("get", "pods", None)), takes_pods);
            assert_eq!(own.allows(&asks("get", "pods/log", None)), takes_log);
        }
    }

    #[test]
    fn a_limit_to_names_takes_requests_with_such_a_name_only() {
        let own = rule(&["*"], &[""], &["configmaps"], &["istio"]);
        assert!(own.allows(&asks("update", "configmaps", Some("istio"))));
        assert!(!own.allows(&asks("update", "configmaps", Some("other"))));
        assert!(!own.allows(&asks("create", "configmaps", None)));
        assert!(!own.is_everything());
    }
}
