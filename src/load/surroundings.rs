use std::fs;
use std::path::{Path, PathBuf};

use super::name::tidy;
use super::revision::{Refusal, Revision};
use super::{discover, shown};
use crate::config::{MAX_BYTES, NAMES};
use crate::render::Ground;
use crate::text::SourceFile;

/// What lies around the files of a scan.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// Where they lie.
    pub ground: Ground,
    /// The configuration file, and the directory that its paths start at.
    pub config: Option<(SourceFile, String)>,
}

/// Looks around what the user named: for the repository, and for the configuration file, upwards from the
/// first path until the top of the repository. Outside of repositories it goes up to the current directory
/// only. A file that the user named is read instead.
///
/// # Errors
/// What the configuration file is cannot be told, or it cannot be read.
pub fn surroundings(
    paths: &[PathBuf],
    cwd: &Path,
    file: Option<&Path>,
) -> Result<Surroundings, Refusal> {
    let first = paths.first().filter(|path| *path != Path::new("-"));
    let start = tidy(&first.map_or_else(|| cwd.to_path_buf(), |path| cwd.join(path)));
    let start = match start.is_dir() {
        true => start.as_path(),
        false => start.parent().unwrap_or(&start),
    };
    let root = top(start).unwrap_or_else(|| {
        let cwd = tidy(cwd);
        match start.starts_with(&cwd) {
            true if first.is_none_or(|path| *path == Path::new(".")) => cwd,
            _ => start.to_path_buf(),
        }
    });
    let limit = match top(start) {
        Some(_) => root.clone(),
        None if start.starts_with(tidy(cwd)) => tidy(cwd),
        None => start.to_path_buf(),
    };
    let config = match file {
        Some(file) => Some(named(file, cwd, &root)?),
        None => {
            let mut above = start.ancestors().take_while(|one| one.starts_with(&limit));
            above
                .find_map(|one| found(one, cwd, &limit).transpose())
                .transpose()?
        }
    };
    Ok(Surroundings {
        ground: Ground::new(slashes(&tidy(cwd)), slashes(&root)),
        config,
    })
}

/// The top of the repository around a directory, as the user calls it.
fn top(start: &Path) -> Option<PathBuf> {
    let root = discover(start)?.root;
    let is_root = |above: &&Path| above.canonicalize().is_ok_and(|above| above == root);
    start.ancestors().find(is_root).map(Path::to_path_buf)
}

/// The configuration file in a directory.
fn found(
    directory: &Path,
    cwd: &Path,
    limit: &Path,
) -> Result<Option<(SourceFile, String)>, Refusal> {
    let candidates = NAMES.iter().map(|name| directory.join(name));
    let there: Vec<PathBuf> = candidates
        .filter(|path| path.symlink_metadata().is_ok())
        .collect();
    only(there.iter().map(|path| shown(path, cwd)))?;
    let Some(path) = there.first() else {
        return Ok(None);
    };
    let name = shown(path, cwd);
    let real = |path: &Path| path.canonicalize().ok();
    let stays = real(path)
        .zip(real(limit))
        .is_some_and(|(path, limit)| path.starts_with(limit));
    if !stays {
        let reason = "it is a link that leads nowhere or out of the repository";
        return Err(unreadable(&name, reason));
    }
    let text = text(path).map_err(|reason| unreadable(&name, &reason))?;
    Ok(Some((SourceFile::new(name, text), slashes(directory))))
}

/// A configuration file that the user named; one outside of the repository speaks of its top.
fn named(file: &Path, cwd: &Path, root: &Path) -> Result<(SourceFile, String), Refusal> {
    let path = tidy(&cwd.join(file));
    let name = shown(&path, cwd);
    let text = text(&path).map_err(|reason| unreadable(&name, &reason))?;
    let home = home(&path).filter(|home| home.starts_with(root));
    let home = slashes(home.unwrap_or(root));
    Ok((SourceFile::new(name, text), home))
}

/// The directory that the paths in a configuration file start at.
fn home(file: &Path) -> Option<&Path> {
    let directory = file.parent()?;
    let is_github = directory.file_name().is_some_and(|name| name == ".github");
    match is_github {
        true => directory.parent(),
        false => Some(directory),
    }
}

fn only(mut names: impl Iterator<Item = String>) -> Result<(), Refusal> {
    match (names.next(), names.next()) {
        (Some(first), Some(second)) => Err(Refusal::Wrong(format!(
            "there is {first} and {second}: keep one of them, or name it with --config"
        ))),
        _ => Ok(()),
    }
}

fn text(path: &Path) -> Result<String, String> {
    let data = fs::metadata(path).map_err(|error| error.to_string())?;
    if !data.is_file() {
        return Err("it is no file".to_owned());
    }
    if data.len() > MAX_BYTES as u64 {
        return Err(format!("it is larger than {MAX_BYTES} bytes"));
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

fn unreadable(name: &str, reason: &str) -> Refusal {
    Refusal::Wrong(format!(
        "the configuration file {name} cannot be read: {reason}"
    ))
}

fn slashes(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

impl Revision {
    /// Looks around what the user named as [`surroundings`] does, in the commit; a file that the user
    /// named is read from where it lies.
    ///
    /// # Errors
    /// What the configuration file is cannot be told, or it cannot be read.
    pub fn surroundings(
        &self,
        paths: &[PathBuf],
        file: Option<&Path>,
    ) -> Result<Surroundings, Refusal> {
        let (ground, disk) = self.ground_and_top();
        let config = match (file, &disk) {
            (Some(file), disk) => {
                let root = disk.clone().unwrap_or_default();
                let (source, home) = named(file, self.cwd(), &root)?;
                let inside = Path::new(&home)
                    .strip_prefix(&root)
                    .unwrap_or(Path::new(""));
                let home = match ground.root() {
                    "/" => format!("/{}", slashes(inside)),
                    _ => home,
                };
                Some((source, home))
            }
            (None, _) => self.configuration(paths, &ground)?,
        };
        Ok(Surroundings { ground, config })
    }

    /// Where the files of the commit lie.
    pub fn ground(&self) -> Ground {
        self.ground_and_top().0
    }

    /// The same, and the top of the working tree as far as there is one.
    fn ground_and_top(&self) -> (Ground, Option<PathBuf>) {
        let cwd = tidy(self.cwd());
        match self.below_top() {
            Some(within) => {
                let mut disk = cwd.as_path();
                for _ in within.components() {
                    disk = disk.parent().unwrap_or(disk);
                }
                let ground = Ground::new(format!("/{}", slashes(&within)), "/");
                (ground, Some(disk.to_path_buf()))
            }
            None => {
                let root = self.top().map(Path::to_path_buf).unwrap_or_default();
                (Ground::new(slashes(&cwd), slashes(&root)), Some(root))
            }
        }
    }

    fn configuration(
        &self,
        paths: &[PathBuf],
        ground: &Ground,
    ) -> Result<Option<(SourceFile, String)>, Refusal> {
        let first = paths.first().map_or(Path::new("."), PathBuf::as_path);
        let Some(start) = self.directory_at(first) else {
            return Ok(None);
        };
        for above in start.ancestors() {
            let there: Vec<PathBuf> = NAMES.iter().map(|name| above.join(name)).collect();
            let there = there.into_iter().map(|path| (self.text_at(&path), path));
            let there: Vec<_> = there.filter(|(text, _)| text.is_some()).collect();
            only(there.iter().map(|(_, path)| slashes(path)))?;
            if let Some((Some(text), path)) = there.into_iter().next() {
                let name = ground.name_of(&slashes(&path));
                let text = text.map_err(|reason| unreadable(&name, &reason))?;
                if text.len() > MAX_BYTES {
                    return Err(unreadable(&name, "it is too large"));
                }
                let home = match ground.root() {
                    "/" => format!("/{}", slashes(above)),
                    root => format!("{root}/{}", slashes(above)),
                };
                let home = home.trim_end_matches('/');
                let home = if home.is_empty() { "/" } else { home };
                return Ok(Some((SourceFile::new(name, text), home.to_owned())));
            }
        }
        Ok(None)
    }
}
