//! A rule of an AuthorizationPolicy taken apart: what is left of it at each sort of proxy.
//!
//! `istio/istio: pilot/pkg/security/authz/model/model.go`,
//! `istio/istio: pilot/pkg/serviceregistry/ambient/authorization.go`.

use crate::mesh::istio::crd::Action;
use crate::model::{At, Constraint, Layer, Loss, Test, When, WrittenRule};

/// A constraint with the condition it stands for.
pub struct Field {
    /// As it is written.
    pub constraint: Constraint,
    /// The condition it stands for.
    pub when: When,
    /// What the node's proxy makes of it.
    pub node: AtNode,
}

/// What the node's proxy makes of a field.
/// `istio/istio: pilot/pkg/serviceregistry/ambient/authorization.go` (handleRule).
pub enum AtNode {
    /// It reads it.
    Reads(When),
    /// It cannot, and says so: an ALLOW rule with it is left out.
    CanNot,
    /// It is lost on the way. Newer control planes leave an ALLOW rule with it out instead.
    Lost,
}

/// A rule taken apart.
pub struct Parts {
    /// Who: any of these, each wholly.
    pub sources: Vec<Vec<Field>>,
    /// What: any of these, each wholly.
    pub operations: Vec<Vec<Field>>,
    /// Further conditions: all of these.
    pub conditions: Vec<Field>,
}

impl Parts {
    /// The condition at a layer; nothing where the rule is dropped there.
    pub fn when(&self, layer: Layer, action: Action) -> Option<When> {
        let fields = || {
            let alternatives = self.sources.iter().chain(&self.operations).flatten();
            alternatives.chain(&self.conditions)
        };
        let needs_http = fields().any(|field| field.constraint.http);
        if layer == Layer::Tcp && action == Action::Allow && needs_http {
            return None;
        }
        let applies = |field: &&Field| layer == Layer::Http || !field.constraint.http;
        let all = |fields: &Vec<Field>| {
            When::all(
                fields
                    .iter()
                    .filter(applies)
                    .map(|f| f.when.clone())
                    .collect(),
            )
        };
        let any = |alternatives: &Vec<Vec<Field>>| match alternatives.is_empty() {
            true => When::Always,
            false => When::any(alternatives.iter().map(all).collect()),
        };
        Some(When::all(vec![
            any(&self.sources),
            any(&self.operations),
            all(&self.conditions),
        ]))
    }

    /// The condition at the node's proxy; nothing where the rule is left out there. What is left of
    /// a source, an operation or a condition without anything to look at matches nobody.
    /// `istio/ztunnel: src/rbac.rs` (matches).
    pub fn at_node(&self, action: Action) -> Option<When> {
        let alternatives = self.sources.iter().chain(&self.operations).flatten();
        let mut fields = alternatives.chain(&self.conditions);
        if action == Action::Allow && fields.any(|field| matches!(field.node, AtNode::CanNot)) {
            return None;
        }
        let any = |alternatives: &Vec<Vec<Field>>| match alternatives.is_empty() {
            true => When::Always,
            false => When::any(alternatives.iter().map(|all| left(all, action)).collect()),
        };
        let conditions = self.conditions.iter();
        let conditions = conditions.map(|field| left(std::slice::from_ref(field), action));
        Some(When::all(vec![
            any(&self.sources),
            any(&self.operations),
            When::all(conditions.collect()),
        ]))
    }

    /// What became of the rule on its way to the node's proxy.
    pub fn loss(&self, at_node: Option<&When>) -> Option<Loss> {
        let alternatives = self.sources.iter().chain(&self.operations).flatten();
        let mut fields = alternatives.chain(&self.conditions);
        match at_node {
            None => Some(Loss::Dropped),
            Some(When::Never) => Some(Loss::Void),
            Some(_) if fields.any(|f| !matches!(f.node, AtNode::Reads(_))) => Some(Loss::Widened),
            Some(_) => None,
        }
    }

    pub fn written(self, at: At) -> WrittenRule {
        let plain = |fields: Vec<Field>| fields.into_iter().map(|f| f.constraint).collect();
        WrittenRule {
            at,
            sources: self.sources.into_iter().map(plain).collect(),
            operations: self.operations.into_iter().map(plain).collect(),
            conditions: plain(self.conditions),
        }
    }
}

/// What is left of fields that must all hold, at the node's proxy.
fn left(fields: &[Field], action: Action) -> When {
    let mut all = Vec::new();
    let mut doubtful = None;
    for field in fields {
        match &field.node {
            AtNode::Reads(when) => all.push(when.clone()),
            AtNode::CanNot => {}
            AtNode::Lost => doubtful = Some(&field.constraint.at),
        }
    }
    if all.is_empty() {
        return When::Never;
    }
    if let Some(at) = doubtful.filter(|_| action == Action::Allow) {
        let what = "whether the node's proxy ignores the trust domain or the whole rule";
        all.push(When::Is(Test::Unknowable(what.into()), at.clone()));
    }
    When::all(all)
}
