//! Whom a patch or a replacement is for.

use regex::Regex;

use super::Refused;
use super::selector::Selector;
use crate::syntax::{Kind, Tree};

/// What an object is known by, now or at an earlier step of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The namespace it is in: `default` if it names none, and if it is in none, a text that is the
    /// name of no namespace.
    pub namespace: String,
}

/// The objects that a patch is for.
#[derive(Debug, Clone)]
pub struct Target {
    group: Pattern,
    version: Pattern,
    kind: Pattern,
    name: Pattern,
    namespace: Pattern,
    marks: Marks,
}

impl Target {
    /// Reads the `target` of a patch.
    pub fn read(target: &Tree) -> Result<Self, Refused> {
        let fields = Fields::read(target, &[])?;
        let pattern = |key| Pattern::read(fields.text(key)?);
        Ok(Self {
            group: pattern("group")?,
            version: pattern("version")?,
            kind: pattern("kind")?,
            name: pattern("name")?,
            namespace: pattern("namespace")?,
            marks: Marks::read(&fields)?,
        })
    }

    /// Whether it means an object, by what that is called now or was at first.
    pub fn matches(&self, object: &Tree, original: &Called, current: &Called) -> bool {
        let (group, version) = group_and_version(object);
        let either = |test: &dyn Fn(&Called) -> bool| test(original) || test(current);
        either(&|called| self.namespace.fits(&called.namespace))
            && either(&|called| self.name.fits(&called.name))
            && self.group.fits(group)
            && self.version.fits(version)
            && self.kind.fits(&current.kind)
            && self.marks.matches(object)
    }
}

/// The objects that a replacement names, not by patterns.
#[derive(Debug, Clone)]
pub struct Named {
    group: String,
    version: String,
    kind: String,
    name: String,
    namespace: String,
    /// What it asks of labels and annotations.
    pub marks: Marks,
}

impl Named {
    /// Reads a selector of a replacement, which may have some other fields.
    pub fn read(selector: &Tree, others: &[&str]) -> Result<Self, Refused> {
        let fields = Fields::read(selector, others)?;
        let text = |key| Ok(fields.text(key)?.map_or("", |(_, text)| text).to_owned());
        Ok(Self {
            group: text("group")?,
            version: text("version")?,
            kind: text("kind")?,
            name: text("name")?,
            namespace: text("namespace")?,
            marks: Marks::read(&fields)?,
        })
    }

    /// Whether it names anything at all beside labels and annotations.
    pub fn is_empty(&self) -> bool {
        let all = [
            &self.group,
            &self.version,
            &self.kind,
            &self.name,
            &self.namespace,
        ];
        all.iter().all(|text| text.is_empty())
    }

    /// Whether it names an object, by one of the names of that; labels and annotations aside.
    pub fn names(&self, object: &Tree, called: &Called) -> bool {
        let (group, version) = group_and_version(object);
        let fits = |wanted: &str, own: &str| wanted.is_empty() || wanted == own;
        fits(&self.group, group)
            && fits(&self.version, version)
            && fits(&self.kind, &called.kind)
            && fits(&self.name, &called.name)
            && fits(&self.namespace, &called.namespace)
    }
}

/// What is asked of labels and annotations.
#[derive(Debug, Clone)]
pub struct Marks {
    labels: Selector,
    annotations: Selector,
    /// Whether nothing is asked.
    pub is_empty: bool,
}

impl Marks {
    fn read(fields: &Fields<'_>) -> Result<Self, Refused> {
        let selector = |key| -> Result<(Selector, bool), Refused> {
            let Some((at, text)) = fields.text(key)? else {
                return Ok((Selector::default(), true));
            };
            let selector = Selector::read(text);
            let selector = selector.ok_or_else(|| Refused::new(at, "this is no label selector"))?;
            Ok((selector, text.is_empty()))
        };
        let (labels, no_labels) = selector("labelSelector")?;
        let (annotations, no_annotations) = selector("annotationSelector")?;
        Ok(Self {
            labels,
            annotations,
            is_empty: no_labels && no_annotations,
        })
    }

    /// Whether an object has all of it.
    pub fn matches(&self, object: &Tree) -> bool {
        let map = |key| object.path(&["metadata", key]);
        self.labels.matches(map("labels")) && self.annotations.matches(map("annotations"))
    }
}

/// An expression that has to fit a text as a whole; none fits any.
#[derive(Debug, Clone)]
struct Pattern(Option<Regex>);

impl Pattern {
    fn read(text: Option<(&Tree, &str)>) -> Result<Self, Refused> {
        let Some((at, text)) = text.filter(|(_, text)| !text.is_empty()) else {
            return Ok(Self(None));
        };
        let regex = Regex::new(&format!("^(?:{text})$"));
        let regex = regex.map_err(|_| Refused::new(at, "this is no regular expression"))?;
        Ok(Self(Some(regex)))
    }

    fn fits(&self, text: &str) -> bool {
        self.0.as_ref().is_none_or(|regex| regex.is_match(text))
    }
}

/// The fields of a selector, each of which is known.
struct Fields<'t>(&'t Tree);

const FIELDS: [&str; 7] = [
    "group",
    "version",
    "kind",
    "name",
    "namespace",
    "labelSelector",
    "annotationSelector",
];

impl<'t> Fields<'t> {
    fn read(selector: &'t Tree, others: &[&str]) -> Result<Self, Refused> {
        if !matches!(selector.kind, Kind::Map(_)) {
            return Err(Refused::new(selector, "this names no objects"));
        }
        super::known(selector, &[&FIELDS[..], others].concat())?;
        Ok(Self(selector))
    }

    fn text(&self, key: &str) -> Result<Option<(&'t Tree, &'t str)>, Refused> {
        super::optional_text(self.0, key)
    }
}

fn group_and_version(object: &Tree) -> (&str, &str) {
    let version = object.get("apiVersion").and_then(Tree::as_str);
    let version = version.unwrap_or_default();
    version.split_once('/').unwrap_or(("", version))
}
