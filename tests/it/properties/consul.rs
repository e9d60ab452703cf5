//! Intentions, in all combinations, beside the shortest account of what proxies make of them.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::cli::meshvet;

const CALLERS: [&str; 2] = ["web", "cron"];
/// Those who are named before those who are not.
const SOURCES: [&str; 4] = ["web", "cron", "gone", "*"];
const PATHS: [&str; 4] = ["/", "/pub", "/pub/a", "/v1"];
const METHODS: [&str; 2] = ["GET", "POST"];
const TAGS: [Option<&str>; 5] = [None, Some(""), Some("red"), Some("Red"), Some("a-red")];

/// What an entry says of a source.
#[derive(Debug, Clone)]
enum Says {
    All(bool),
    ByRequest(Vec<Permission>),
}

#[derive(Debug, Clone)]
struct Permission {
    allows: bool,
    path: Option<(&'static str, &'static str)>,
    method: Option<&'static str>,
    tag: Option<Tag>,
}

/// A criterion for the header `x-tag`.
#[derive(Debug, Clone)]
struct Tag {
    way: &'static str,
    text: &'static str,
    inverted: bool,
    any_case: bool,
}

/// What the entries for `api` and for all services say of each source, and the default.
#[derive(Debug, Clone)]
struct Mesh {
    allows: bool,
    to_api: Vec<(&'static str, Says)>,
    to_all: Vec<(&'static str, Says)>,
}

#[derive(Debug, Clone, Copy)]
struct Request {
    path: &'static str,
    method: &'static str,
    tag: Option<&'static str>,
}

impl Mesh {
    /// Against the default one intention is enough, if it is the first about its source, and none
    /// before it names the caller where it has a wildcard.
    fn lets_in(&self, caller: &str, request: Request) -> bool {
        let first = |name: &str| !self.to_api.iter().any(|(source, _)| *source == name);
        let to_all = self.to_all.iter().filter(|(source, _)| first(source));
        let mut named = false;
        let against = self.to_api.iter().chain(to_all).any(|(source, says)| {
            let covers = *source == caller || (*source == "*" && !named);
            named |= *source == caller;
            covers && says.of(request) == Some(!self.allows)
        });
        against != self.allows
    }

    /// An agent's file that holds all of it; names are written in both ways.
    fn written(&self, camel: bool) -> Value {
        let service = |name: &str| {
            let upstreams = match name {
                "api" => json!([]),
                _ => json!([{"destination_name": "api", "local_bind_port": 9100}]),
            };
            json!({"name": name, "port": 8080, "connect": {"sidecar_service": {"proxy": {"upstreams": upstreams}}}})
        };
        let entry = |name: &str, sources: &[(&str, Says)]| {
            let source = |(name, says): &(&str, Says)| says.written(name);
            // the order in which they are written means nothing
            let sources: Vec<Value> = sources.iter().rev().map(source).collect();
            json!({"kind": "service-intentions", "name": name, "sources": sources})
        };
        let mut entries =
            vec![json!({"kind": "service-defaults", "name": "api", "protocol": "http"})];
        let both = [entry("api", &self.to_api), entry("*", &self.to_all)];
        entries.extend(both.into_iter().filter(|it| it["sources"] != json!([])));
        let entries = entries
            .iter()
            .map(|it| renamed(it, camel))
            .collect::<Vec<_>>();
        let default = if self.allows { "allow" } else { "deny" };
        json!({
            "server": true, "datacenter": "dc1", "data_dir": "/opt/consul",
            "acl": {"enabled": true, "default_policy": default},
            "config_entries": {"bootstrap": entries},
            "services": [service("api"), service("web"), service("cron")],
        })
    }
}

impl Says {
    fn of(&self, request: Request) -> Option<bool> {
        match self {
            Says::All(allows) => Some(*allows),
            Says::ByRequest(all) => all.iter().find(|it| it.fits(request)).map(|it| it.allows),
        }
    }

    fn written(&self, source: &str) -> Value {
        let action = |allows| if allows { "allow" } else { "deny" };
        let permission = |one: &Permission| {
            let mut http = serde_json::Map::new();
            http.extend(
                one.path
                    .map(|(way, text)| (format!("path_{way}"), json!(text))),
            );
            http.extend(
                one.method
                    .map(|method| ("methods".to_owned(), json!([method]))),
            );
            http.extend(
                one.tag
                    .as_ref()
                    .map(|tag| ("header".to_owned(), json!([tag.written()]))),
            );
            json!({"action": action(one.allows), "http": http})
        };
        match self {
            Says::All(allows) => json!({"name": source, "action": action(*allows)}),
            Says::ByRequest(all) => {
                json!({"name": source, "permissions": all.iter().map(permission).collect::<Vec<_>>()})
            }
        }
    }
}

impl Permission {
    fn fits(&self, request: Request) -> bool {
        self.path.is_none_or(|(way, text)| match way {
            "exact" => request.path == text,
            _ => request.path.starts_with(text),
        }) && self.method.is_none_or(|method| request.method == method)
            && self.tag.as_ref().is_none_or(|tag| tag.fits(request.tag))
    }
}

impl Tag {
    fn fits(&self, value: Option<&str>) -> bool {
        let Some(value) = value else {
            return self.way == "present" && self.inverted;
        };
        let (value, text) = match self.any_case {
            true => (value.to_lowercase(), self.text.to_lowercase()),
            false => (value.to_owned(), self.text.to_owned()),
        };
        self.inverted
            != match self.way {
                "exact" => value == text,
                "prefix" => value.starts_with(&text),
                "suffix" => value.ends_with(&text),
                "contains" => value.contains(&text),
                _ => true,
            }
    }

    fn written(&self) -> Value {
        let mut written = json!({"name": "X-Tag", "invert": self.inverted});
        match self.way {
            "present" => written["present"] = json!(true),
            way => {
                written[way] = json!(self.text);
                written["ignore_case"] = json!(self.any_case);
            }
        }
        written
    }
}

/// With `PathExact` for `path_exact`.
fn renamed(value: &Value, camel: bool) -> Value {
    let key = |key: &String| {
        let mut words = key.split('_').map(|word| word.split_at(1));
        let word = |(first, rest): (&str, &str)| first.to_uppercase() + rest;
        match camel {
            true => words.by_ref().map(word).collect(),
            false => key.clone(),
        }
    };
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(k, v)| (key(k), renamed(v, camel)))
            .collect(),
        Value::Array(all) => all.iter().map(|it| renamed(it, camel)).collect(),
        _ => value.clone(),
    }
}

fn permission() -> impl Strategy<Value = Permission> {
    let path = (
        prop::sample::select(vec!["exact", "prefix"]),
        prop::sample::select(&PATHS[..]),
    );
    let tag = (
        prop::sample::select(vec!["exact", "prefix", "suffix", "contains", "present"]),
        prop::sample::select(vec!["red", "Red", "re"]),
        any::<bool>(),
        any::<bool>(),
    );
    let tag = tag.prop_map(|(way, text, inverted, any_case)| Tag {
        way,
        text,
        inverted,
        any_case,
    });
    let method = prop::option::of(prop::sample::select(&METHODS[..]));
    (
        any::<bool>(),
        prop::option::of(path),
        method,
        prop::option::of(tag),
    )
        .prop_filter("it is about something", |(_, path, method, tag)| {
            path.is_some() || method.is_some() || tag.is_some()
        })
        .prop_map(|(allows, path, method, tag)| Permission {
            allows,
            path,
            method,
            tag,
        })
}

fn mesh() -> impl Strategy<Value = Mesh> {
    let all = || any::<bool>().prop_map(Says::All).boxed();
    let by_request = prop::collection::vec(permission(), 1..4).prop_map(Says::ByRequest);
    let sources = |says: BoxedStrategy<Says>| {
        let says = prop::collection::vec(prop::option::of(says), SOURCES.len());
        says.prop_map(|says| {
            let said = SOURCES.into_iter().zip(says);
            said.filter_map(|(name, says)| Some((name, says?)))
                .collect()
        })
    };
    let to_api = sources(prop_oneof![all(), by_request].boxed());
    (any::<bool>(), to_api, sources(all())).prop_map(|(allows, to_api, to_all)| Mesh {
        allows,
        to_api,
        to_all,
    })
}

/// Every request of every caller, and then whether there is any that is let in.
fn tests(mesh: &Mesh) -> Vec<Value> {
    let mut tests = Vec::new();
    for caller in CALLERS {
        let mut test = |request: Option<Value>, allowed: bool| {
            let name = format!("{caller} {request:?}");
            let expect = if allowed { "allow" } else { "deny" };
            let mut test = json!({"name": name, "from": {"service": caller}, "to": {"service": "api", "port": 8080}, "expect": expect});
            test.as_object_mut()
                .unwrap()
                .extend(request.map(|it| ("request".to_owned(), it)));
            tests.push(test);
        };
        let mut any = false;
        for (path, method, tag) in requests() {
            let request = Request { path, method, tag };
            let headers = tag.map_or(json!({}), |tag| json!({"x-tag": tag}));
            let allowed = mesh.lets_in(caller, request);
            any |= allowed;
            let request = json!({"path": path, "method": method, "headers": headers});
            test(Some(request), allowed);
        }
        if any {
            test(None, true);
        }
    }
    tests
}

fn requests() -> impl Iterator<Item = (&'static str, &'static str, Option<&'static str>)> {
    PATHS.into_iter().flat_map(|path| {
        METHODS
            .into_iter()
            .flat_map(move |method| TAGS.into_iter().map(move |tag| (path, method, tag)))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn intentions_let_in_whom_the_proxies_let_in(mesh in mesh(), camel in any::<bool>()) {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &Value| std::fs::write(dir.path().join(name), text.to_string()).unwrap();
        write("server.json", &mesh.written(camel));
        write("a.meshvet-test.yaml", &json!({"tests": tests(&mesh)}));
        let ran = meshvet(dir.path(), &["test", "-f", "json"]);
        let tests = ran.json()["tests"].as_array().cloned().unwrap_or_default();
        prop_assert!(tests.len() >= CALLERS.len() * requests().count(), "{}", ran.stderr);
        let wrong: Vec<_> = tests.iter().filter(|test| test["passed"] != true).collect();
        prop_assert!(wrong.is_empty(), "{:#}\n{:#?}", mesh.written(camel), wrong);
    }
}
