//! What stands out in a policy: most policies of a sound mesh have nothing, so that rules need not
//! look at them one by one.

use super::environment::Environment;
use crate::model::{self, Constraint, Subject, WrittenRule};

/// Methods as HTTP spells them; others are worth a look.
const METHODS: &[&str] = &[
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
];

/// Everything that stands out in a policy, each once, in no order that means anything.
pub(super) fn of(policy: &model::Policy, environment: &Environment<'_>) -> Vec<&'static str> {
    let mut notes = Vec::new();
    let mut note = |name: &'static str, holds: bool| {
        if holds && !notes.contains(&name) {
            notes.push(name);
        }
    };
    note("ineffective", policy.ineffective.is_some());
    match &policy.subject {
        Subject::Authorization(written) => {
            note("lost", !written.lost.is_empty());
            note("wider", !written.wider.is_empty());
            note("gaps", !written.gaps.is_empty());
            note("dry_run", written.dry_run.is_some());
            note("delegate", written.effect == "delegate");
            note("deny", written.effect == "deny");
            for rule in &written.rules {
                note("no_source", rule.sources.is_empty());
                for field in fields(rule) {
                    for (name, holds) in of_field(field, policy, environment) {
                        note(name, holds);
                    }
                }
            }
        }
        // there are few of these, and each says something that rules ask for
        Subject::Transport { .. } => note("transport", true),
        Subject::Telemetry(_) => note("telemetry", true),
        Subject::Extension | Subject::Routing => {}
        Subject::Authentication(keys) => {
            note(
                "passes_without_token",
                environment.passes_without_token(policy),
            );
            note("keys", !keys.is_empty());
        }
        Subject::Origination { host, modes } => {
            note(
                "uncalled",
                !modes.is_empty() && environment.is_uncalled(host),
            );
            let of_subset = modes.iter().any(|sends| sends.subset.is_some());
            note("subset", of_subset && environment.is_in_mesh(host));
        }
    }
    notes
}

fn fields(rule: &WrittenRule) -> impl Iterator<Item = &Constraint> {
    let alternatives = rule.sources.iter().chain(&rule.operations).flatten();
    alternatives.chain(&rule.conditions)
}

fn of_field(
    field: &Constraint,
    policy: &model::Policy,
    environment: &Environment<'_>,
) -> [(&'static str, bool); 16] {
    let values = &field.values;
    let is = |dimension| field.dimension == dimension;
    let odd_method = |text: &str| !METHODS.contains(&text);
    [
        ("negated", field.negated),
        ("any", values.iter().any(|value| value.any)),
        (
            "literal_star",
            values.iter().any(|value| value.literal_star),
        ),
        (
            "malformed",
            values.iter().any(|value| value.malformed.is_some()),
        ),
        (
            "unknown_identity",
            values.iter().any(|value| environment.is_unknown(value)),
        ),
        (
            "unproven_identity",
            is("identity") && environment.takes_no_proof(policy),
        ),
        (
            "wide_identity",
            values.iter().any(|value| !value.also.is_empty()),
        ),
        (
            "stands_for",
            values.iter().any(|value| value.stands_for.is_some()),
        ),
        (
            "rest_of_path",
            values.iter().any(|value| value.text.contains("/{**}")),
        ),
        ("token", is("token")),
        ("host", is("host")),
        ("header", is("header")),
        ("client_address", is("client_address")),
        (
            "token_never_read",
            is("token") && environment.reads_no_token(policy),
        ),
        (
            "odd_method",
            is("method") && values.iter().any(|value| odd_method(&value.text)),
        ),
        (
            "odd_port",
            (is("port") && environment.lacks_port(policy, values))
                || (field.http && environment.has_tcp_port(policy)),
        ),
    ]
}
