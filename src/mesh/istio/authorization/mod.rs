//! AuthorizationPolicy: what the webhook refuses, what is written, and what it compiles to.
//!
//! Order of evaluation: `istio/istio: pilot/pkg/security/authz/builder/builder.go`. Structure of a
//! rule: `istio/istio: pilot/pkg/security/authz/model/model.go`. Validation:
//! `istio/istio: pkg/config/validation/validation.go`.

mod attach;
mod fields;
pub mod ineffective;
mod parts;
pub mod principal;
pub mod ruleset;
pub mod targets;
mod value;

use std::sync::Arc;

use super::crd::Selecting as _;
use super::crd::{Action, AuthorizationPolicy, Condition, Rule, is_true};
use super::policy::Object;
use super::proxies::GATEWAY_API;
use crate::k8s::Index;
use crate::model::{self, At, Constraint, Layer, Loss, Lost, When, WrittenRule};
use fields::Attribute;
use parts::{AtNode, Field, Parts};
use principal::TrustDomains;

/// What a policy can target.
const TARGETS: &[(&str, &str)] = &[
    ("", "Service"),
    ("networking.istio.io", "ServiceEntry"),
    (GATEWAY_API, "Gateway"),
    (GATEWAY_API, "GatewayClass"),
];

/// One policy, compiled.
#[derive(Debug)]
pub struct Compiled {
    /// What happens to requests that match.
    pub action: Action,
    /// Where it says that it is only tried out.
    pub dry_run: Option<At>,
    /// Who is asked, of `CUSTOM`.
    pub provider: Arc<str>,
    /// Its rules on HTTP.
    pub http: Vec<(When, At)>,
    /// Its rules on other connections.
    pub tcp: Vec<(When, At)>,
    /// Its rules as the node's proxy of ambient mode reads them.
    pub node: Vec<(When, At)>,
    /// What becomes of rules there that are not applied as they are written.
    pub lost: Vec<(Loss, At)>,
    /// Its rules as they are written.
    pub written: Vec<WrittenRule>,
}

impl Compiled {
    /// The rules as a proxy applies them.
    pub fn rules(&self, reader: Reader) -> &[(When, At)] {
        match reader {
            Reader::Envoy(Layer::Http) => &self.http,
            Reader::Envoy(Layer::Tcp) => &self.tcp,
            Reader::Node => &self.node,
        }
    }
}

/// Who applies rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reader {
    /// A sidecar, gateway or waypoint, which reads bytes this way.
    Envoy(Layer),
    /// The node's proxy of ambient mode (ztunnel).
    Node,
}

/// Why the webhook refuses a policy, and where.
type Refusal = (String, At);

struct Compiler<'a> {
    policy: &'a Object<AuthorizationPolicy>,
    domains: &'a TrustDomains,
}

/// Compiles a policy, or says why the webhook refuses it.
pub fn compile(
    policy: &Object<AuthorizationPolicy>,
    index: &Index,
    domains: &TrustDomains,
) -> Result<Compiled, Refusal> {
    let compiler = Compiler { policy, domains };
    compiler.check_shape()?;
    let spec = &policy.spec;
    let mut compiled = Compiled {
        action: spec.action,
        dry_run: dry_run(policy, index),
        provider: spec.provider.as_ref().map_or("", |p| &p.name).into(),
        http: Vec::new(),
        tcp: Vec::new(),
        node: Vec::new(),
        lost: Vec::new(),
        written: Vec::new(),
    };
    for (i, rule) in spec.rules.iter().enumerate() {
        // a null rule is passed over
        let Some(rule) = rule else { continue };
        let at = policy.at(&format!("/spec/rules/{i}"));
        let parts = compiler.rule(rule, &at)?;
        compiled.http.extend(
            parts
                .when(Layer::Http, spec.action)
                .map(|when| (when, at.clone())),
        );
        compiled.tcp.extend(
            parts
                .when(Layer::Tcp, spec.action)
                .map(|when| (when, at.clone())),
        );
        let at_node = parts.at_node(spec.action);
        let loss = parts.loss(at_node.as_ref());
        compiled.lost.extend(loss.map(|loss| (loss, at.clone())));
        compiled.node.extend(at_node.map(|when| (when, at.clone())));
        compiled.written.push(parts.written(at));
    }
    Ok(compiled)
}

/// `istio.io/dry-run`, read as Go reads a boolean; what is none counts as no.
fn dry_run(policy: &Object<AuthorizationPolicy>, index: &Index) -> Option<At> {
    let key = "istio.io/dry-run";
    let value = index.resource(policy.id).annotations.get(key)?;
    is_true(value).then(|| policy.at("/metadata/annotations").join(key))
}

impl Compiler<'_> {
    fn check_shape(&self) -> Result<(), Refusal> {
        let spec = &self.policy.spec;
        let refuse = |reason: &str, field: &str| Err((reason.to_owned(), self.policy.at(field)));
        if spec.labels().is_some() && spec.has_targets() {
            return refuse("it has both a selector and targets", "/spec/selector");
        }
        if spec.target_ref.is_some() && !spec.target_refs.is_empty() {
            return refuse("it has both targetRef and targetRefs", "/spec/targetRef");
        }
        for target in spec.targets() {
            if !target.namespace.is_empty() {
                return refuse("a target has no namespace but its own", "/spec");
            }
            if !TARGETS.contains(&(target.group(), &target.kind)) || target.name.is_empty() {
                return refuse("it names something that can be no target", "/spec");
            }
        }
        if spec.rules.is_empty() && matches!(spec.action, Action::Deny | Action::Custom) {
            return refuse("DENY and CUSTOM need rules", "/spec/action");
        }
        if spec.action == Action::Custom && spec.provider.as_ref().is_none_or(|p| p.name.is_empty())
        {
            return refuse("CUSTOM needs a provider", "/spec/action");
        }
        if spec.action != Action::Custom && spec.provider.is_some() {
            return refuse("only CUSTOM takes a provider", "/spec/provider");
        }
        Ok(())
    }

    fn rule(&self, rule: &Rule, at: &At) -> Result<Parts, Refusal> {
        let mut parts = Parts {
            sources: Vec::new(),
            operations: Vec::new(),
            conditions: Vec::new(),
        };
        for (i, from) in rule.from.iter().enumerate() {
            let at = at.join("from").join(i);
            let Some(source) = &from.source else {
                return Err(("from without a source".to_owned(), at));
            };
            let at = at.join("source");
            let fields = self.fields(source.lists(), &at)?;
            self.check_accounts(source, &at)?;
            parts.sources.push(fields);
        }
        for (i, to) in rule.to.iter().enumerate() {
            let at = at.join("to").join(i);
            let Some(operation) = &to.operation else {
                return Err(("to without an operation".to_owned(), at));
            };
            parts
                .operations
                .push(self.fields(operation.lists(), &at.join("operation"))?);
        }
        for (i, condition) in rule.when.iter().enumerate() {
            self.condition(condition, &at.join("when").join(i), &mut parts.conditions)?;
        }
        Ok(parts)
    }

    fn check_accounts(&self, source: &super::crd::Source, at: &At) -> Result<(), Refusal> {
        for (field, accounts) in [
            ("serviceAccounts", &source.service_accounts),
            ("notServiceAccounts", &source.not_service_accounts),
        ] {
            let mixed = !source.principals.is_empty()
                || !source.not_principals.is_empty()
                || !source.namespaces.is_empty()
                || !source.not_namespaces.is_empty();
            if !accounts.is_empty() && mixed {
                let reason = format!("{field} can not be mixed with principals or namespaces");
                return Err((reason, at.join(field)));
            }
            if accounts.len() > 16 {
                return Err((format!("more than 16 {field}"), at.join(field)));
            }
        }
        Ok(())
    }

    fn fields<'v>(
        &self,
        lists: impl Iterator<Item = (&'static str, &'v [String])>,
        at: &At,
    ) -> Result<Vec<Field>, Refusal> {
        let mut fields = Vec::new();
        for (field, values) in lists {
            let negated = field.starts_with("not");
            let Some(attribute) = Attribute::of_field(&positive(field)) else {
                continue;
            };
            fields.push(self.field(attribute, field, negated, values, &at.join(field))?);
        }
        if fields.is_empty() {
            return Err(("it has no field that Istio knows".to_owned(), at.clone()));
        }
        Ok(fields)
    }

    fn condition(
        &self,
        condition: &Condition,
        at: &At,
        into: &mut Vec<Field>,
    ) -> Result<(), Refusal> {
        let Some(attribute) = Attribute::of_key(&condition.key) else {
            return Err((
                format!("{:?} is no condition that Istio knows", condition.key),
                at.join("key"),
            ));
        };
        if condition.values.is_empty() && condition.not_values.is_empty() {
            return Err((
                "a condition needs values or notValues".to_owned(),
                at.clone(),
            ));
        }
        for (values, negated, name) in [
            (&condition.values, false, "values"),
            (&condition.not_values, true, "notValues"),
        ] {
            if !values.is_empty() {
                into.push(self.field(
                    attribute.clone(),
                    &condition.key,
                    negated,
                    values,
                    &at.join(name),
                )?);
            }
        }
        Ok(())
    }

    fn field(
        &self,
        attribute: Attribute,
        name: &str,
        negated: bool,
        values: &[String],
        at: &At,
    ) -> Result<Field, Refusal> {
        if self.policy.spec.action == Action::Custom && attribute.is_token() {
            return Err((
                format!("CUSTOM can not look at tokens ({name})"),
                at.clone(),
            ));
        }
        let mut alternatives = Vec::new();
        let mut node = Vec::new();
        let mut written = Vec::new();
        for (i, value) in values.iter().enumerate() {
            let at = at.join(i);
            if value.is_empty() {
                return Err((format!("an empty value in {name}"), at));
            }
            let tests = attribute
                .tests(value, self.domains, &self.policy.namespace)
                .map_err(|reason| (reason, at.clone()))?;
            alternatives.extend(tests.into_iter().map(|test| When::Is(test, at.clone())));
            node.extend(
                attribute
                    .test_at_node(value, &self.policy.namespace)
                    .map(|test| When::Is(test, at.clone())),
            );
            written.push(value::written(
                &attribute,
                value,
                at,
                self.domains,
                &self.policy.namespace,
            ));
        }
        let signed = |alternatives| {
            let any = When::any(alternatives);
            if negated { any.not() } else { any }
        };
        let is_key = name.contains('.');
        Ok(Field {
            node: match attribute {
                Attribute::TrustDomain if !is_key => AtNode::Lost,
                Attribute::ServiceAccount if is_key => AtNode::CanNot,
                _ if node.is_empty() => AtNode::CanNot,
                _ => AtNode::Reads(signed(node)),
            },
            constraint: Constraint {
                at: at.clone(),
                field: name.into(),
                dimension: attribute.dimension(),
                negated,
                http: attribute.is_http(),
                values: written,
            },
            when: signed(alternatives),
        })
    }
}

/// `notPrincipals` → `principals`.
fn positive(field: &str) -> String {
    match field.strip_prefix("not") {
        Some(rest) => rest
            .chars()
            .take(1)
            .flat_map(char::to_lowercase)
            .chain(rest.chars().skip(1))
            .collect(),
        None => field.to_owned(),
    }
}

/// The policy as facts have it.
pub fn written(
    policy: &Object<AuthorizationPolicy>,
    compiled: &Compiled,
    provider: Option<(Arc<str>, Option<String>)>,
    lost: Vec<Lost>,
) -> model::AuthorizationPolicy {
    model::AuthorizationPolicy {
        effect: compiled.action.name(),
        effect_at: policy.at("/spec/action"),
        dry_run: compiled.dry_run.clone(),
        provider,
        rules: compiled.written.clone(),
        lost,
        wider: Vec::new(),
        gaps: Vec::new(),
    }
}
