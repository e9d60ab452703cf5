//! The user's own helm: the one program that is ever run, and only if that is asked for.
//!
//! What it is given are files that were read, in a directory that is made for it and taken away. It gets
//! no plugins, no repositories, no cluster, no environment but `PATH`, and nothing that makes it fetch
//! anything; whatever it starts ends with it.

use std::collections::BTreeMap;
use std::env::split_paths;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use tempfile::TempDir;

use crate::render::{Failure, Install, Job, KUBERNETES, Output, Rendered};

/// How long helm may take for one chart with its values.
const MAX_TIME: Duration = Duration::from_secs(30);
/// How long it may take for all of them.
const MAX_TIME_OF_ALL: Duration = Duration::from_secs(300);
/// How many bytes it may print.
const MAX_OUTPUT: usize = 32 * 1024 * 1024;
/// How much of what it says about errors is read.
const MAX_SAID: usize = 64 * 1024;
/// How much memory it may take.
#[cfg(target_os = "linux")]
const MAX_MEMORY: u64 = 2 * 1024 * 1024 * 1024;
/// The first version whose templates cannot ask for addresses of hosts.
const FIRST_VERSION: (u32, u32) = (3, 11);

/// A helm that can be run.
#[derive(Debug, Clone)]
pub struct Helm {
    program: PathBuf,
    /// Where it finds programs, if it is a script itself.
    path: String,
    time: Duration,
    time_of_all: Duration,
}

impl Helm {
    /// The program that is named, or else the first `helm` of the directories of `PATH`.
    ///
    /// # Errors
    /// It is not there, or no helm that can be used.
    pub fn find(named: Option<&Path>, path: &str, cwd: &Path) -> Result<Self, String> {
        let program = match named {
            Some(named) => cwd.join(named),
            // a directory from where the user happens to be may be that of what is to be judged
            None => split_paths(path)
                .filter(|directory| directory.is_absolute())
                .map(|directory| directory.join("helm"))
                .find(|program| program.is_file())
                .ok_or(
                    "--render needs helm, and there is none on the PATH: install it (https://helm.sh), or say \
                     where it is (--helm PATH)",
                )?,
        };
        let helm = Self {
            program,
            path: path.to_owned(),
            time: MAX_TIME,
            time_of_all: MAX_TIME_OF_ALL,
        };
        helm.check()?;
        Ok(helm)
    }

    /// The same with another limit of time for each chart.
    pub fn within(self, time: Duration) -> Self {
        Self { time, ..self }
    }

    fn check(&self) -> Result<(), String> {
        let shown = self.program.display();
        let directory = directory().map_err(|error| error.to_string())?;
        let arguments = ["version", "--template", "{{.Version}}"].map(str::to_owned);
        let version = match self.run(directory.path(), &arguments, self.time) {
            Ok(version) => version,
            Err(Failure::Stopped(reason)) => return Err(format!("cannot run {shown}: {reason}")),
            Err(_) => return Err(format!("{shown} does not say its version, as helm would")),
        };
        match version_of(&version) {
            None => Err(format!("{shown} does not say its version, as helm would")),
            Some(found) if found < FIRST_VERSION => {
                let (major, minor) = FIRST_VERSION;
                Err(format!(
                    "{shown} is too old ({}): before {major}.{minor}, templates could reach the network",
                    version.trim()
                ))
            }
            Some(_) => Ok(()),
        }
    }

    /// Renders charts, several at a time.
    pub fn render(&self, jobs: &[Job]) -> Rendered {
        let end = Instant::now() + self.time_of_all;
        let made: Vec<_> = jobs.par_iter().map(|job| self.job(job, end)).collect();
        let mut rendered = Rendered::default();
        for (job, results) in jobs.iter().zip(made) {
            for (install, result) in job.installs.iter().zip(results) {
                rendered.add(install.release.clone(), result);
            }
        }
        rendered
    }

    fn job(&self, job: &Job, end: Instant) -> Vec<Result<Output, Failure>> {
        let written = directory().and_then(|directory| {
            write(&directory.path().join("plain"), &job.files)?;
            write(&directory.path().join("marked"), &job.files)?;
            write(&directory.path().join("marked"), &job.marked)?;
            Ok(directory)
        });
        match written {
            Ok(directory) => {
                let all = job.installs.par_iter().enumerate();
                let one =
                    |(number, install)| self.install(job, directory.path(), number, install, end);
                all.map(one).collect()
            }
            Err(error) => {
                let failure = Failure::Stopped(format!("its files cannot be written: {error}"));
                job.installs.iter().map(|_| Err(failure.clone())).collect()
            }
        }
    }

    fn install(
        &self,
        job: &Job,
        directory: &Path,
        number: usize,
        install: &Install,
        end: Instant,
    ) -> Result<Output, Failure> {
        let mut files = Vec::new();
        for (place, text) in install.values.iter().enumerate() {
            let file = directory.join(format!("values-{number}-{place}.yaml"));
            fs::write(&file, text).map_err(|error| Failure::Stopped(error.to_string()))?;
            files.push(file);
        }
        let left = || end.saturating_duration_since(Instant::now()).min(self.time);
        if left().is_zero() {
            let most = self.time_of_all.as_secs();
            let reason =
                format!("helm has taken {most} seconds for the charts before it, and gets no more");
            return Err(Failure::Stopped(reason));
        }
        let arguments = |chart: &str| {
            let chart = directory.join(chart).join(Job::CHART);
            arguments(install, &chart, &files)
        };
        let plain = self.run(directory, &arguments("plain"), left());
        let plain = plain.map_err(|failure| hide(failure, directory))?;
        // a mark may break what it stands in; then helm prints all the same what it could not read
        let mut marked = arguments("marked");
        marked.insert(1, "--debug".to_owned());
        let marked = self.ended(directory, &marked, left()).ok();
        let marked = marked.and_then(|ended| String::from_utf8(ended.printed).ok());
        Ok(Output::new(
            job,
            plain,
            marked.filter(|marked| !marked.is_empty()),
        ))
    }

    /// What helm prints, if it does not fail.
    fn run(
        &self,
        directory: &Path,
        arguments: &[String],
        time: Duration,
    ) -> Result<String, Failure> {
        match self.ended(directory, arguments, time)? {
            Ended {
                printed,
                well: true,
                ..
            } => String::from_utf8(printed)
                .map_err(|_| Failure::Stopped("what helm prints for it is not UTF-8".to_owned())),
            Ended { said, .. } => Err(Failure::Said(String::from_utf8_lossy(&said).into_owned())),
        }
    }

    /// Runs helm to its end.
    fn ended(
        &self,
        directory: &Path,
        arguments: &[String],
        time: Duration,
    ) -> Result<Ended, Failure> {
        let stopped = |reason: String| Failure::Stopped(reason);
        let end = Instant::now() + time;
        let mut child = self
            .command(directory, arguments)
            .spawn()
            .map_err(|error| stopped(error.to_string()))?;
        limit_memory(&child);
        let printed = read(child.stdout.take(), MAX_OUTPUT + 1);
        let said = read(child.stderr.take(), MAX_SAID);
        let late = || stopped(format!("helm was stopped after {} seconds", time.as_secs()));
        let result = wait(&mut child, &printed, &said, end);
        if result.is_none() {
            kill(&mut child);
        }
        let ended = result.ok_or_else(late)?;
        if ended.printed.len() > MAX_OUTPUT {
            let most = MAX_OUTPUT / (1024 * 1024);
            return Err(stopped(format!("helm prints more than {most} MiB for it")));
        }
        Ok(ended)
    }

    fn command(&self, directory: &Path, arguments: &[String]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .current_dir(directory)
            .env_clear()
            .env("PATH", &self.path)
            .env("HELM_NO_PLUGINS", "1")
            .env("GOMEMLIMIT", "1GiB")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let home = directory.join("home");
        for name in [
            "HOME",
            "HELM_CACHE_HOME",
            "HELM_CONFIG_HOME",
            "HELM_DATA_HOME",
            "HELM_PLUGINS",
            "XDG_CACHE_HOME",
            "XDG_CONFIG_HOME",
            "XDG_DATA_HOME",
            "TMPDIR",
        ] {
            command.env(name, &home);
        }
        command.env("KUBECONFIG", home.join("none"));
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command
    }
}

fn arguments(install: &Install, chart: &Path, values: &[PathBuf]) -> Vec<String> {
    let mut arguments = vec![
        "template".to_owned(),
        format!("--namespace={}", install.release.namespace_name()),
        "--include-crds".to_owned(),
        format!("--kube-version={KUBERNETES}"),
    ];
    let values = values
        .iter()
        .map(|file| format!("--values={}", file.display()));
    arguments.extend(values);
    arguments.push("--".to_owned());
    arguments.push(install.release.name.clone());
    arguments.push(chart.display().to_string());
    arguments
}

/// A directory that nobody else can look into.
fn directory() -> io::Result<TempDir> {
    let directory = tempfile::Builder::new().prefix("meshvet-").tempdir()?;
    fs::create_dir(directory.path().join("home"))?;
    Ok(directory)
}

fn write(directory: &Path, files: &BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    for (path, bytes) in files {
        let file = directory.join(path);
        if let Some(around) = file.parent() {
            fs::create_dir_all(around)?;
        }
        fs::write(file, bytes)?;
    }
    Ok(())
}

/// How helm ended.
struct Ended {
    printed: Vec<u8>,
    said: Vec<u8>,
    well: bool,
}

/// Reads a pipe on a thread of its own, so that nobody has to wait for it.
fn read(pipe: Option<impl Read + Send + 'static>, limit: usize) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.by_ref().take(limit as u64).read_to_end(&mut bytes);
            let is_all = bytes.len() < limit;
            let _ = sender.send(bytes);
            if !is_all {
                // whoever writes on must not wait
                let _ = io::copy(&mut pipe, &mut io::sink());
            }
        }
    });
    receiver
}

/// Waits until helm ends, or prints more than is read; nothing if it is late.
fn wait(
    child: &mut Child,
    printed: &Receiver<Vec<u8>>,
    said: &Receiver<Vec<u8>>,
    end: Instant,
) -> Option<Ended> {
    let left = || end.saturating_duration_since(Instant::now());
    let printed = printed.recv_timeout(left()).ok()?;
    if printed.len() > MAX_OUTPUT {
        kill(child);
        let said = Vec::new();
        return Some(Ended {
            printed,
            said,
            well: false,
        });
    }
    let said = said.recv_timeout(left()).ok()?;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => {
                let well = status.success();
                return Some(Ended {
                    printed,
                    said,
                    well,
                });
            }
            Ok(None) if !left().is_zero() => thread::sleep(Duration::from_millis(1)),
            _ => return None,
        }
    }
}

/// Ends helm and whatever it has started.
fn kill(child: &mut Child) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process_group};
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(target_os = "linux")]
fn limit_memory(child: &Child) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let most = Rlimit {
        current: Some(MAX_MEMORY),
        maximum: Some(MAX_MEMORY),
    };
    let _ = prlimit(Some(Pid::from_child(child)), Resource::Data, most);
}

#[cfg(not(target_os = "linux"))]
fn limit_memory(_: &Child) {}

/// What helm says, without the directory that was made for it.
fn hide(failure: Failure, directory: &Path) -> Failure {
    match failure {
        Failure::Said(said) => {
            let path = directory
                .join("plain")
                .join(Job::CHART)
                .display()
                .to_string();
            let own = directory.display().to_string();
            Failure::Said(said.replace(&path, "the chart").replace(&own, ""))
        }
        other => other,
    }
}

/// `v3.19.2` and the like.
fn version_of(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix('v')?.split(['.', '-', '+']);
    let major = numbers.next()?.parse().ok()?;
    Some((major, numbers.next()?.parse().ok()?))
}
