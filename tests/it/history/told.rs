//! A change as a few lines of text, so that what is expected and what was told can be read side by side.
//!
//! ```text
//! weaker mesh/pay.yaml:45 PeerAuthentication.security.istio.io pay/default /spec/mtls/mode "STRICT" → "PERMISSIVE"
//!   listener pay/ledger:8080 required → permissive
//!   opened batch/nightly → pay/ledger:8080, deny → allow plaintext
//!   logging access web/frontend, on → off
//!   introduced mtls/permissive
//! ```

use serde_json::Value;

/// The first line says what was written, each other line one thing that came of it, sorted.
pub fn tell(change: &Value) -> String {
    let mut lines = vec![headline(change)];
    let mut effects = effects(change);
    effects.sort();
    lines.extend(effects.iter().map(|effect| format!("  {effect}")));
    lines.join("\n")
}

/// What came of a change, a line each.
pub fn effects(change: &Value) -> Vec<String> {
    let list = |key: &str| {
        let items = change[key].as_array();
        items
            .unwrap_or_else(|| panic!("no {key} in {change:#}"))
            .iter()
    };
    let mut lines = Vec::new();
    for item in list("listeners") {
        lines.push(format!(
            "{}listener {} {} → {}",
            environment(item),
            text(&item["listener"]),
            text(&item["before"]),
            text(&item["after"])
        ));
    }
    for kind in ["opened", "closed", "downgraded", "upgraded"] {
        for item in list(kind).filter(|item| !calls_itself(item)) {
            lines.push(format!(
                "{}{kind} {} → {}, {} → {}",
                environment(item),
                text(&item["from"]),
                text(&item["to"]),
                state(&item["before"]),
                state(&item["after"])
            ));
        }
    }
    for item in list("logging") {
        lines.push(format!(
            "{}logging {} {}, {} → {}",
            environment(item),
            text(&item["log"]),
            text(&item["of"]),
            text(&item["before"]),
            text(&item["after"])
        ));
    }
    for kind in ["introduced", "resolved"] {
        lines.extend(list(kind).map(|rule| format!("{kind} {}", text(rule))));
    }
    lines
}

/// What a workload sends to itself passes no proxy: nothing is said of it.
fn calls_itself(edge: &Value) -> bool {
    let to = text(&edge["to"]);
    to.rsplit_once(':').map(|(to, _)| to) == Some(&text(&edge["from"]))
}

fn headline(change: &Value) -> String {
    let direction = text(&change["direction"]);
    let (file, line) = (text(&change["file"]), &change["line"]);
    let resource = match &change["resource"] {
        Value::Null => "-".to_owned(),
        resource => named(resource),
    };
    let field = match text(&change["field"]).as_str() {
        "" => "object".to_owned(),
        field => field.to_owned(),
    };
    let what = match &change["moved_from"] {
        Value::Null => format!("{} → {}", change["before"], change["after"]),
        from => format!("moved from {}:{}", text(&from["file"]), from["line"]),
    };
    format!("{direction} {file}:{line} {resource} {field} {what}")
}

fn named(resource: &Value) -> String {
    let kind = match text(&resource["group"]).as_str() {
        "" => text(&resource["kind"]),
        group => format!("{}.{group}", text(&resource["kind"])),
    };
    match &resource["namespace"] {
        Value::Null => format!("{kind} {}", text(&resource["name"])),
        namespace => format!("{kind} {}/{}", text(namespace), text(&resource["name"])),
    }
}

/// Nothing of the environment of what belongs to no overlay.
fn environment(item: &Value) -> String {
    match text(&item["environment"]).as_str() {
        "." => String::new(),
        name => format!("[{name}] "),
    }
}

/// `allow mtls`, `deny`, or `-` where one of the two is not there.
pub fn state(state: &Value) -> String {
    match state {
        Value::Null => "-".to_owned(),
        state => match &state["transport"] {
            Value::Null => text(&state["verdict"]),
            transport => format!("{} {}", text(&state["verdict"]), text(transport)),
        },
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        value => value
            .as_str()
            .unwrap_or_else(|| panic!("no text: {value}"))
            .to_owned(),
    }
}
