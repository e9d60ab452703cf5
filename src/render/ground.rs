use super::paths::{below, resolve};

/// Where the files of a scan lie: their names are paths from the current directory, while what refers to
/// them from inside begins at the top of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    cwd: String,
    root: String,
}

impl Default for Ground {
    /// Names begin at the top.
    fn default() -> Self {
        Self::new("/", "/")
    }
}

impl Ground {
    /// Names are paths from `cwd`, the repository's top is `root`; both from one place.
    pub fn new(cwd: impl Into<String>, root: impl Into<String>) -> Self {
        Self {
            cwd: cwd.into(),
            root: root.into(),
        }
    }

    /// The top of the repository.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// What has a name, from where everything is counted.
    pub(super) fn whole(&self, name: &str) -> String {
        resolve(&self.cwd, name)
    }

    /// The path of a file from a directory, which is counted as the top is; nothing if it lies elsewhere.
    pub(super) fn path_from(&self, home: &str, name: &str) -> Option<String> {
        let whole = self.whole(name);
        match home {
            _ if whole == home => Some(".".to_owned()),
            "/" => whole.strip_prefix('/').map(str::to_owned),
            home => below(&whole, home).map(str::to_owned),
        }
    }

    /// The path of a file from the top of the repository; nothing if it lies elsewhere.
    pub(super) fn path_of(&self, name: &str) -> Option<String> {
        self.path_from(&self.root, name)
    }

    /// The name of what has a path from the top of the repository.
    pub(crate) fn name_of(&self, path: &str) -> String {
        let whole = resolve(&self.root, path);
        let steps = |path: &str| -> Vec<String> {
            let steps = path.split('/').filter(|step| !step.is_empty());
            steps.map(str::to_owned).collect()
        };
        let (to, from) = (steps(&whole), steps(&self.cwd));
        let shared = to.iter().zip(&from).take_while(|(a, b)| a == b).count();
        let up = std::iter::repeat_n("..", from.len() - shared);
        let down = to.iter().skip(shared).map(String::as_str);
        let way: Vec<&str> = up.chain(down).collect();
        match way.is_empty() {
            true => ".".to_owned(),
            false => way.join("/"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_paths_lead_to_one_another() {
        for (cwd, root, name, path) in [
            ("/", "/", "a/b.yaml", "a/b.yaml"),
            (
                "/repo/clusters",
                "/repo",
                "prod/x.yaml",
                "clusters/prod/x.yaml",
            ),
            ("/repo/clusters", "/repo", "../apps/x.yaml", "apps/x.yaml"),
            ("/repo/clusters", "/repo", ".", "clusters"),
            ("/repo/clusters", "/repo", "..", "."),
            ("/home", "/home/repo", "repo/a.yaml", "a.yaml"),
            ("/home/x", "/repo", "../../repo/a.yaml", "a.yaml"),
        ] {
            let ground = Ground::new(cwd, root);
            assert_eq!(ground.path_of(name).as_deref(), Some(path), "{cwd} {name}");
            assert_eq!(ground.name_of(path), name, "{cwd} {path}");
        }
        let ground = Ground::new("/repo", "/repo");
        assert_eq!(ground.path_of("../other/a.yaml"), None);
        assert_eq!(ground.path_of("../repository/a.yaml"), None);
        assert_eq!(
            ground.path_from("/repo/a", "a/b.yaml").as_deref(),
            Some("b.yaml")
        );
    }
}
