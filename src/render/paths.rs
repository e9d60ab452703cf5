//! Names of files as paths: relative, with forward slashes.

/// The directory of a file; `.` for a file that is in none.
pub(crate) fn directory(name: &str) -> &str {
    match name.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((directory, _)) => directory,
        None => ".",
    }
}

/// The last part of a name.
pub(crate) fn base_name(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, base)| base)
}

/// What a reference in a file of `directory` leads to.
pub(crate) fn resolve(directory: &str, reference: &str) -> String {
    let (root, path) = if reference.starts_with('/') {
        ("/", reference.to_owned())
    } else {
        (
            if directory.starts_with('/') { "/" } else { "" },
            format!("{directory}/{reference}"),
        )
    };
    let mut steps: Vec<&str> = Vec::new();
    for step in path.split('/') {
        match step {
            "" | "." => {}
            ".." if steps.last().is_some_and(|last| *last != "..") => {
                steps.pop();
            }
            ".." if !root.is_empty() => {}
            step => steps.push(step),
        }
    }
    if steps.is_empty() && root.is_empty() {
        return ".".to_owned();
    }
    format!("{root}{}", steps.join("/"))
}

/// What of a name lies below a directory: `b/c` for `a/b/c` below `a`.
pub(crate) fn below<'n>(name: &'n str, directory: &str) -> Option<&'n str> {
    if directory == "." {
        return (!name.starts_with("../") && !name.starts_with('/')).then_some(name);
    }
    if directory == "/" {
        return name.strip_prefix('/').filter(|inside| !inside.is_empty());
    }
    name.strip_prefix(directory)?.strip_prefix('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_followed_by_name() {
        for (directory, reference, target) in [
            (".", "a.yaml", "a.yaml"),
            ("overlays/prod", "../../base", "base"),
            ("overlays/prod", "./x.yaml", "overlays/prod/x.yaml"),
            ("base", "..", "."),
            ("../x", "../../y", "../../y"),
            ("/abs/a", "../b", "/abs/b"),
            ("a", "/etc/passwd", "/etc/passwd"),
        ] {
            assert_eq!(
                resolve(directory, reference),
                target,
                "{directory} {reference}"
            );
        }
    }

    #[test]
    fn names_have_a_directory() {
        assert_eq!(directory("a/b/c.yaml"), "a/b");
        assert_eq!(directory("c.yaml"), ".");
        assert_eq!(base_name("a/b/c.yaml"), "c.yaml");
        assert_eq!(below("a/b/c", "a"), Some("b/c"));
        assert_eq!(below("ab/c", "a"), None);
        assert_eq!(below("b/c", "."), Some("b/c"));
        assert_eq!(below("../c", "."), None);
    }
}
