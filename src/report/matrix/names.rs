//! Names of environments, without what all of them begin and end with.

use crate::report::phrase::Line;
use crate::report::words::clean;

/// How many names of a list are shown.
const NAMES: usize = 3;

/// Names for people.
pub(super) struct Names {
    /// In the order of the columns.
    pub short: Vec<String>,
    /// The whole names.
    pub full: Vec<String>,
    /// What all names have in common, with a `*` for the rest; nothing if they are not shortened.
    pub pattern: Option<String>,
}

impl Names {
    /// Leaves out the directories that all names share; the one of the plain manifests, `.`, has none.
    pub fn new(names: &[&str]) -> Self {
        let split = |name: &&str| name.split('/').map(str::to_owned).collect::<Vec<_>>();
        let mut parts = names.iter().filter(|name| **name != ".").map(split);
        let Some(first) = parts.next() else {
            return Self::whole(names);
        };
        let (mut before, mut after) = (first.clone(), first.into_iter().rev().collect::<Vec<_>>());
        let mut shortest = before.len();
        let mut count = 1;
        for other in parts {
            before.truncate(common(before.iter(), other.iter()));
            after.truncate(common(after.iter(), other.iter().rev()));
            shortest = shortest.min(other.len());
            count += 1;
        }
        // something is left of each
        before.truncate(shortest.saturating_sub(1));
        after.truncate(shortest.saturating_sub(1 + before.len()));
        if count < 2 || before.is_empty() && after.is_empty() {
            return Self::whole(names);
        }
        after.reverse();
        let inner = |name: &&str| match *name {
            "." => ".".to_owned(),
            name => {
                let all: Vec<&str> = name.split('/').collect();
                let end = all.len().saturating_sub(after.len());
                let inner = all.get(before.len()..end).unwrap_or_default();
                clean(&inner.join("/"))
            }
        };
        let star = [String::from("*")];
        let pattern: Vec<String> = before.iter().chain(&star).chain(&after).cloned().collect();
        Self {
            short: names.iter().map(inner).collect(),
            full: names.iter().map(|name| (*name).to_owned()).collect(),
            pattern: Some(clean(&pattern.join("/"))),
        }
    }

    fn whole(names: &[&str]) -> Self {
        Self {
            short: names.iter().map(|name| clean(name)).collect(),
            full: names.iter().map(|name| (*name).to_owned()).collect(),
            pattern: None,
        }
    }

    /// Marks an environment of which not all is known.
    pub fn doubt(&mut self, number: usize) {
        if let Some(name) = self.short.get_mut(number) {
            name.push('?');
        }
    }

    /// Some environments by name; of many, only the first unless all are asked for.
    pub fn list(&self, of: &[usize], verbose: bool) -> Line {
        let names = of.iter().filter_map(|number| self.short.get(*number));
        let names: Vec<&str> = names.map(String::as_str).collect();
        let most = if verbose { usize::MAX - 1 } else { NAMES };
        Line::default().names(&names, most, "")
    }
}

fn common<'a>(
    one: impl Iterator<Item = &'a String>,
    other: impl Iterator<Item = &'a String>,
) -> usize {
    one.zip(other).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn shared_directories_are_left_out_and_something_stays() {
        let short = |names: &[&str]| {
            let names = Names::new(names);
            (names.short.join(" "), names.pattern.unwrap_or_default())
        };
        let of = |short: &str, pattern: &str| (short.to_owned(), pattern.to_owned());
        assert_eq!(
            short(&["overlays/dev", "overlays/prod"]),
            of("dev prod", "overlays/*")
        );
        assert_eq!(
            short(&[".", "clusters/eu/apps", "clusters/us/west/apps"]),
            of(". eu us/west", "clusters/*/apps")
        );
        assert_eq!(short(&["a/b", "a/b/c"]), of("b b/c", "a/*"));
        assert_eq!(short(&["a", "a/b"]), of("a a/b", ""));
        assert_eq!(short(&["a/x", "a/y/x"]), of("x y/x", "a/*"));
        assert_eq!(short(&["overlays/prod"]), of("overlays/prod", ""));
        assert_eq!(short(&[".", "overlays/prod"]), of(". overlays/prod", ""));
    }
}
