//! Label selectors as `kubectl` writes them: `app in (a, b), tier!=front, !old`.

use std::sync::LazyLock;

use regex::Regex;

use super::scalar::text;
use crate::syntax::Tree;

/// One requirement: a key alone, or with what is asked of its value.
static REQUIREMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let name = "[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?";
    let prefix = "[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/";
    let one = "(==|=|!=|<|>)([^,()!=<>]*)";
    let set = r"\s(in|notin)\s*\(([^()!=<>]*)\)";
    let whole = format!(r"^\s*(!?)\s*((?:{prefix})?{name})\s*?(?:\s*{one}|{set})?\s*$");
    Regex::new(&whole).ok()
});

/// What a label's value may be.
static VALUE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new("^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$").ok());

/// Requirements that all have to be met.
#[derive(Debug, Clone, Default)]
pub struct Selector(Vec<Requirement>);

#[derive(Debug, Clone)]
struct Requirement {
    key: String,
    asked: Asked,
}

#[derive(Debug, Clone)]
enum Asked {
    Present,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
    Below(i64),
    Above(i64),
}

impl Selector {
    /// Reads a selector; nothing if it is none.
    pub fn read(text: &str) -> Option<Self> {
        if text.trim().is_empty() {
            return Some(Self::default());
        }
        let mut inside = false;
        let parts = text.split(|c| {
            match c {
                '(' => inside = true,
                ')' => inside = false,
                _ => {}
            }
            c == ',' && !inside
        });
        parts
            .map(Requirement::read)
            .collect::<Option<_>>()
            .map(Self)
    }

    /// Whether the values of a mapping meet all requirements.
    pub fn matches(&self, labels: Option<&Tree>) -> bool {
        let met = |requirement: &Requirement| {
            let value = labels.and_then(|labels| labels.get(&requirement.key));
            requirement.asked.is_met(value.map(text).as_deref())
        };
        self.0.iter().all(met)
    }
}

impl Requirement {
    fn read(part: &str) -> Option<Self> {
        let found = REQUIREMENT.as_ref()?.captures(part)?;
        let group = |at: usize| found.get(at).map(|group| group.as_str());
        let key = group(2)?.to_owned();
        let values = |at: usize| -> Option<Vec<String>> {
            let values = group(at)?.split(',').map(|value| value.trim().to_owned());
            let values: Vec<String> = values.collect();
            let is_value = |value: &String| VALUE.as_ref().is_some_and(|all| all.is_match(value));
            values.iter().all(is_value).then_some(values)
        };
        let number = || values(4)?.first()?.parse().ok();
        let is_negated = group(1) == Some("!");
        let asked = match (is_negated, group(3).or(group(5))) {
            (false, None) => Asked::Present,
            (true, None) => Asked::Absent,
            (false, Some("=" | "==")) => Asked::In(values(4)?),
            (false, Some("!=")) => Asked::NotIn(values(4)?),
            (false, Some("<")) => Asked::Below(number()?),
            (false, Some(">")) => Asked::Above(number()?),
            (false, Some("in")) => Asked::In(values(6)?),
            (false, Some("notin")) => Asked::NotIn(values(6)?),
            _ => return None,
        };
        Some(Self { key, asked })
    }
}

impl Asked {
    fn is_met(&self, value: Option<&str>) -> bool {
        let has = |values: &[String]| value.is_some_and(|value| values.iter().any(|v| v == value));
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match self {
            Self::Present => value.is_some(),
            Self::Absent => value.is_none(),
            Self::In(values) => has(values),
            Self::NotIn(values) => !has(values),
            Self::Below(limit) => number().is_some_and(|number| number < *limit),
            Self::Above(limit) => number().is_some_and(|number| number > *limit),
        }
    }
}
