use std::path::{Component, Path, PathBuf};

/// A path as people would type it in `cwd`: relative, with forward slashes, without needless
/// dots. `.` is `cwd` itself.
pub fn shown(path: &Path, cwd: &Path) -> String {
    let path = tidy(&cwd.join(path));
    let cwd = tidy(cwd);
    let text = match relative(&path, &cwd) {
        Some(relative) => relative,
        None => path,
    };
    let text = text.to_string_lossy();
    match &*text {
        "" => ".".to_owned(),
        text if std::path::MAIN_SEPARATOR == '/' => text.to_owned(),
        text => text.replace(std::path::MAIN_SEPARATOR, "/"),
    }
}

/// A path without `.` and `..`, as far as its text tells.
pub(super) fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(tidy.components().next_back(), Some(Component::Normal(_))) =>
            {
                tidy.pop();
            }
            // nothing is above the root
            Component::ParentDir if tidy.has_root() => {}
            other => tidy.push(other),
        }
    }
    tidy
}

/// The way from one tidy path to another; `None` if there is none (another drive).
fn relative(path: &Path, from: &Path) -> Option<PathBuf> {
    let mut path = path.components().peekable();
    let mut from = from.components().peekable();
    let mut shared = 0;
    while path.peek().is_some() && path.peek() == from.peek() {
        path.next();
        from.next();
        shared += 1;
    }
    if shared == 0 {
        return None;
    }
    Some(from.map(|_| Component::ParentDir).chain(path).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_people_type() {
        let cwd = Path::new("/home/ann/shop");
        for (path, name) in [
            ("deploy/a.yaml", "deploy/a.yaml"),
            ("./deploy//a.yaml", "deploy/a.yaml"),
            ("/home/ann/shop/a.yaml", "a.yaml"),
            ("../mesh/a.yaml", "../mesh/a.yaml"),
            ("deploy/../../mesh/a.yaml", "../mesh/a.yaml"),
            ("/etc/a.yaml", "../../../etc/a.yaml"),
            (".", "."),
            ("..", ".."),
        ] {
            assert_eq!(shown(Path::new(path), cwd), name, "{path}");
        }
    }
}
