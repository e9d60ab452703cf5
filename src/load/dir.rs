use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ignore::{DirEntry, WalkBuilder};
use rayon::prelude::*;

use super::decode::decode;
use super::found::{Found, MAX_OTHER_BYTES, Target, beside, is_manifest};
use super::name::shown;
use super::{Loaded, discover};
use crate::syntax::MAX_FILE_BYTES;

/// What to read of a directory.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Whether files that `.gitignore` names are left out.
    pub gitignore: bool,
    /// Whether all files of charts are read, and not only the manifests among them.
    pub charts: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            gitignore: true,
            charts: false,
        }
    }
}

/// Reads files and directories; relative paths start at `cwd`.
///
/// Of a directory all YAML, JSON and HCL files are read, hidden ones too; a file that is named itself
/// is read whatever its name. Links are not followed out of a directory. What cannot be read is a
/// problem and does not stop the rest.
pub fn load(paths: &[PathBuf], cwd: &Path, options: &Options) -> Loaded {
    let mut found = Walker::new(cwd, options);
    let mut missing = Vec::new();
    for path in paths {
        let full = cwd.join(path);
        match fs::metadata(&full) {
            Ok(data) if data.is_dir() => found.directory(&full),
            Ok(data) => found.named_file(&full, data.is_file()),
            Err(_) if full.symlink_metadata().is_err() => missing.push(path.clone()),
            Err(error) => found.unreadable(&full, error.to_string()),
        }
    }
    let (others, links) = found.files.beside();
    let mut loaded = found.files.read(missing, |files| {
        files.into_par_iter().map(read_one).collect()
    });
    let others = others.into_iter().map(|(name, path)| {
        let bytes = bytes(&path, MAX_OTHER_BYTES);
        (
            name,
            bytes.and_then(|bytes| fitting(bytes, MAX_OTHER_BYTES)),
        )
    });
    loaded.beside = beside(others, links, &loaded.problems);
    loaded
}

fn read_one((name, path): (String, PathBuf)) -> (String, Result<String, String>) {
    (name, bytes(&path, MAX_FILE_BYTES).and_then(decode))
}

/// The bytes of a file; one more than is allowed shows that there is too much.
fn bytes(path: &Path, limit: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(limit as u64 + 1).read_to_end(&mut bytes));
    read.map(|_| bytes).map_err(|error| error.to_string())
}

fn fitting(bytes: Vec<u8>, limit: usize) -> Result<Vec<u8>, String> {
    match bytes.len() > limit {
        true => Err("too large".to_owned()),
        false => Ok(bytes),
    }
}

/// The files of the working directory and of those that were named.
struct Walker<'a> {
    cwd: &'a Path,
    options: &'a Options,
    files: Found<PathBuf>,
}

impl<'a> Walker<'a> {
    fn new(cwd: &'a Path, options: &'a Options) -> Self {
        let files = Found::default();
        Self {
            cwd,
            options,
            files,
        }
    }

    fn unreadable(&mut self, path: &Path, reason: impl Into<String>) {
        self.files.unreadable(shown(path, self.cwd), reason);
    }

    fn named_file(&mut self, path: &Path, is_regular: bool) {
        let is_link = path.symlink_metadata().is_ok_and(|data| data.is_symlink());
        let leads_out = is_link && is_regular && self.leads_out(path);
        self.files
            .named(shown(path, self.cwd), path.to_path_buf(), leads_out);
    }

    fn leads_out(&self, link: &Path) -> bool {
        let real = |path: &Path| path.canonicalize().ok();
        match (real(self.cwd), link.parent().and_then(real), real(link)) {
            (Some(cwd), Some(parent), Some(target)) => {
                parent.starts_with(&cwd) && !target.starts_with(&cwd)
            }
            _ => true,
        }
    }

    fn directory(&mut self, path: &Path) {
        let root = match path.canonicalize() {
            Ok(root) => root,
            Err(error) => return self.unreadable(path, error.to_string()),
        };
        for entry in walk(&root, self.options) {
            match entry {
                Ok(entry) => self.entry(&entry, path, &root),
                Err(error) => {
                    let at = path_of(&error).and_then(|at| at.strip_prefix(&root).ok());
                    let at = at.map_or_else(|| path.to_path_buf(), |below| path.join(below));
                    let reason = error
                        .io_error()
                        .map_or_else(|| error.to_string(), io::Error::to_string);
                    self.unreadable(&at, reason);
                }
            }
        }
    }

    /// Something in the directory that the user calls `path` and that really is `root`.
    fn entry(&mut self, entry: &DirEntry, path: &Path, root: &Path) {
        let Ok(below) = entry.path().strip_prefix(root) else {
            return;
        };
        let shown_path = path.join(below);
        let wanted = is_manifest(entry.path());
        match entry.file_type() {
            Some(kind) if kind.is_symlink() => self.link(entry.path(), &shown_path, root),
            Some(kind) if kind.is_file() && wanted => {
                self.files
                    .file(shown(&shown_path, self.cwd), entry.path().to_path_buf());
            }
            Some(kind) if kind.is_file() && self.options.charts => {
                self.files
                    .other(shown(&shown_path, self.cwd), entry.path().to_path_buf());
            }
            Some(kind) if !kind.is_dir() && !kind.is_file() && wanted => {
                self.unreadable(&shown_path, "not a regular file");
            }
            _ => {}
        }
    }

    fn link(&mut self, link: &Path, shown_path: &Path, root: &Path) {
        let target = match link.canonicalize() {
            Err(_) => Target::Nowhere,
            Ok(target) if target.starts_with(root) => {
                let is_hidden = target.is_file() && !is_manifest(&target);
                Target::Inside(is_hidden.then_some(target))
            }
            Ok(target) => Target::Outside {
                may_be_directory: target.is_dir(),
            },
        };
        let name = shown(shown_path, self.cwd);
        self.files.link(name, is_manifest(link), target);
    }
}

fn walk(root: &Path, options: &Options) -> ignore::Walk {
    // outside a repository, a .gitignore further up is not about this directory
    let in_repository = discover(root).is_some();
    WalkBuilder::new(root)
        .standard_filters(false)
        .git_ignore(options.gitignore)
        .parents(options.gitignore && in_repository)
        .require_git(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build()
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            path_of(err)
        }
        ignore::Error::Loop { child, .. } => Some(child),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::model::{Place, Problem};
    use tempfile::TempDir;

    fn tree(files: &[(&str, &str)]) -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    fn names(loaded: &Loaded) -> Vec<&str> {
        loaded.sources.iter().map(|(_, file)| file.name()).collect()
    }

    fn scan(cwd: &Path, paths: &[&str]) -> Loaded {
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        load(&paths, cwd, &Options::default())
    }

    fn problem_names(loaded: &Loaded) -> Vec<String> {
        let name = |problem: &Problem| match &problem.place {
            Place::Path(name) => name.clone(),
            other => format!("{other:?}"),
        };
        loaded.problems.iter().map(name).collect()
    }

    #[test]
    fn directories_give_their_manifests_in_order() {
        let dir = tree(&[
            ("b/z.yml", ""),
            ("b/a.yaml", "a: 1"),
            ("a.json", ""),
            ("c.hcl", ""),
            ("c.tf", ""),
            (".hidden/x.yaml", ""),
            ("b/Kustomization", ""),
            ("b/README.md", ""),
            (".git/config.yaml", ""),
        ]);
        let loaded = scan(dir.path(), &["."]);
        assert_eq!(
            names(&loaded),
            [
                ".hidden/x.yaml",
                "a.json",
                "b/Kustomization",
                "b/a.yaml",
                "b/z.yml",
                "c.hcl"
            ]
        );
        assert_eq!(loaded.problems, []);
        assert_eq!(
            names(&scan(&dir.path().join("b"), &["../a.json", "."])).len(),
            4
        );
    }

    #[test]
    fn a_file_is_read_once_and_a_named_one_whatever_its_name() {
        let dir = tree(&[("b/a.yaml", ""), ("b/rendered.txt", "x: 1")]);
        let loaded = scan(
            dir.path(),
            &["b", "b/a.yaml", "./b/../b/a.yaml", "b/rendered.txt"],
        );
        assert_eq!(names(&loaded), ["b/a.yaml", "b/rendered.txt"]);
    }

    #[test]
    fn what_git_ignores_is_left_out_unless_wanted() {
        let dir = tree(&[(".gitignore", "out/\n"), ("out/a.yaml", ""), ("b.yaml", "")]);
        assert_eq!(names(&scan(dir.path(), &["."])), ["b.yaml"]);
        let all = load(
            &[".".into()],
            dir.path(),
            &Options {
                gitignore: false,
                charts: false,
            },
        );
        assert_eq!(names(&all), ["b.yaml", "out/a.yaml"]);
    }

    #[test]
    fn ignore_files_above_count_within_a_repository_only() {
        let dir = tree(&[
            (".gitignore", "a.yaml\n"),
            ("sub/a.yaml", ""),
            ("sub/b.yaml", ""),
        ]);
        assert_eq!(
            names(&scan(dir.path(), &["sub"])),
            ["sub/a.yaml", "sub/b.yaml"]
        );
        fs::create_dir(dir.path().join(".git")).unwrap();
        assert_eq!(names(&scan(dir.path(), &["sub"])), ["sub/b.yaml"]);
    }

    #[test]
    fn a_path_that_is_not_there_is_told_apart() {
        let dir = tree(&[("a.yaml", "")]);
        let loaded = scan(dir.path(), &["absent", "a.yaml"]);
        assert_eq!(loaded.missing, [PathBuf::from("absent")]);
        assert_eq!(names(&loaded), ["a.yaml"]);
        assert_eq!(loaded.problems, []);
    }

    #[test]
    fn what_is_no_text_is_a_problem_and_the_rest_is_read() {
        let dir = tree(&[("a.yaml", "a: 1"), ("c.yaml", "")]);
        fs::write(dir.path().join("b.yaml"), b"x: \xff").unwrap();
        let loaded = scan(dir.path(), &["."]);
        assert_eq!(names(&loaded), ["a.yaml", "c.yaml"]);
        assert_eq!(problem_names(&loaded), ["b.yaml"]);
        assert!(
            loaded
                .problems
                .iter()
                .all(|problem| problem.message.contains("offset 3"))
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_do_not_lead_out_and_are_not_read_twice() {
        use std::os::unix::fs::symlink;
        let outside = tree(&[("secret.yaml", ""), ("dir/x.yaml", "")]);
        let dir = tree(&[("a.yaml", ""), ("data.txt", ""), ("sub/b.yaml", "")]);
        let link = |target: &Path, name: &str| symlink(target, dir.path().join(name)).unwrap();
        link(&outside.path().join("secret.yaml"), "out.yaml");
        link(&outside.path().join("dir"), "outdir");
        link(Path::new("a.yaml"), "again.yaml");
        link(Path::new("sub"), "subagain");
        link(Path::new("data.txt"), "data.yaml");
        link(Path::new("nowhere"), "dangling.yaml");
        link(Path::new("."), "loop");

        let loaded = scan(dir.path(), &["."]);
        assert_eq!(names(&loaded), ["a.yaml", "data.yaml", "sub/b.yaml"]);
        assert_eq!(
            problem_names(&loaded),
            ["dangling.yaml", "out.yaml", "outdir"]
        );

        let named = scan(dir.path(), &["out.yaml", "again.yaml", "dangling.yaml"]);
        assert_eq!(names(&named), ["again.yaml"]);
        assert_eq!(problem_names(&named), ["dangling.yaml", "out.yaml"]);
    }

    #[cfg(unix)]
    #[test]
    fn pipes_are_no_manifests_of_a_directory() {
        let dir = tree(&[]);
        let socket = std::os::unix::net::UnixListener::bind(dir.path().join("s.yaml"));
        assert!(socket.is_ok());
        assert_eq!(problem_names(&scan(dir.path(), &["."])), ["s.yaml"]);
    }
}
