//! `meshvet can`.

use serde_json::{Value, json};

use super::args::{AnswerFormat, Can, Common};
use super::input::{completeness, read};
use super::{Exit, Failure, Io};
use crate::assertion::{ask_each, find_workload};
use crate::model::{Client, HeaderLine, Problem, Request, Token, Transport};
use crate::reach::{Answer, Path, Question, Step, Verdict, World};
use crate::scan::{located, world};
use crate::text::Sources;

/// What is asked, as it was typed.
struct Asked {
    from: String,
    to: String,
    port: u16,
    request: Option<Request>,
}

pub(super) fn run(args: &Can, common: &Common, io: &mut Io<'_>) -> Result<Exit, Failure> {
    let (to, port) = split_port(&args.to)?;
    let asked = Asked {
        from: args.from.clone(),
        to,
        port,
        request: request(args)?,
    };
    let read = read(&args.input, io)?;
    let mut problems = read.parsed.problems.clone();
    let mut answers = Vec::new();
    let mut reasons = Vec::new();
    for environment in &read.parsed.environments {
        let (world, found) = world(&read.parsed, environment);
        problems.extend(located(&world.index, found));
        match ask(&world, &asked, args.ip) {
            Ok(answer) => answers.push((environment.name.clone(), world, answer)),
            Err(reason) => reasons.push(reason),
        }
    }
    let [(_, world, answer)] = answers.as_slice() else {
        if answers.is_empty() {
            let reason = reasons
                .first()
                .map_or("nothing here is a workload", String::as_str);
            return Err(Failure::usage(reason.to_owned()));
        }
        let names: Vec<&str> = answers.iter().map(|(name, _, _)| name.as_str()).collect();
        return Err(Failure::usage(format!(
            "both are in several environments: say --environment with one of {}",
            names.join(", ")
        )));
    };
    match args.format {
        AnswerFormat::Text => text(&asked, world, answer, &read.sources, io)?,
        AnswerFormat::Json => {
            let document = document(&asked, world, answer, &read.sources);
            let printed = serde_json::to_string_pretty(&document)
                .map_err(|e| Failure::usage(e.to_string()))?;
            writeln!(io.stdout, "{printed}")?;
        }
    }
    if common.verbose {
        list(&problems, &read.sources, io)?;
    }
    let exit = if answer.verdict == Verdict::Allow {
        Exit::Fine
    } else {
        Exit::Found
    };
    Ok(completeness(&problems, args.input.allow_partial, io)?.max(exit))
}

fn list(problems: &[Problem], sources: &Sources, io: &mut Io<'_>) -> Result<(), Failure> {
    for problem in problems {
        let place = match problem.place {
            crate::model::Place::Span(span) => format!(
                "{}:{}: ",
                sources.get(span.file).name(),
                sources.start(span).line
            ),
            _ => String::new(),
        };
        writeln!(io.stderr, "{place}{}", problem.message)?;
    }
    Ok(())
}

fn split_port(to: &str) -> Result<(String, u16), Failure> {
    let wrong = || {
        Failure::usage(format!(
            "{to:?} names no port: write namespace/workload:port, or service:port"
        ))
    };
    let (workload, port) = to.rsplit_once(':').ok_or_else(wrong)?;
    Ok((workload.to_owned(), port.parse().map_err(|_| wrong())?))
}

fn request(args: &Can) -> Result<Option<Request>, Failure> {
    let pair = |text: &String| -> Result<(String, String), Failure> {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("{text:?} is not NAME=VALUE")))?;
        Ok((name.to_owned(), value.to_owned()))
    };
    let mut headers = Vec::new();
    for header in &args.header {
        let (name, value) = pair(header)?;
        headers.push(HeaderLine { name, value });
    }
    let mut token = args.jwt.as_ref().map(|issuer| Token {
        issuer: issuer.clone(),
        valid: true,
        ..Token::default()
    });
    for claim in &args.claim {
        let (name, value) = pair(claim)?;
        if let Some(token) = &mut token {
            token.claims.insert(name, Value::String(value));
        }
    }
    let given = args.method.is_some()
        || args.path.is_some()
        || args.host.is_some()
        || !headers.is_empty()
        || token.is_some();
    let request = Request {
        method: args.method.clone(),
        path: args.path.clone(),
        host: args.host.clone(),
        headers,
        tokens: token.into_iter().collect(),
    };
    Ok(given.then(|| request.with_host_of_headers()))
}

fn ask(world: &World, asked: &Asked, ip: Option<std::net::IpAddr>) -> Result<Answer, String> {
    let clients: Vec<Client> = match asked.from.as_str() {
        "external" => vec![Client::External(ip)],
        from => match from.strip_prefix("ip:") {
            Some(address) => {
                let address = address
                    .parse()
                    .map_err(|_| format!("{address:?} is no address"))?;
                vec![Client::Address(address)]
            }
            None => find_workload(&world.index, from)?
                .into_iter()
                .map(|id| Client::Workload(id, ip))
                .collect(),
        },
    };
    let question = |client| Question {
        client,
        destination: None,
        request: asked.request.as_ref(),
        explain: true,
    };
    let called = find_workload(&world.index, &asked.to)?;
    ask_each(world, &clients, (&called, asked.port), question)
}

fn place(world: &World, sources: &Sources, step: &Step) -> Option<(String, u32, u32)> {
    let span = world.index.span(step.at())?;
    let start = sources.start(span);
    Some((
        sources.get(span.file).name().to_owned(),
        start.line,
        start.column,
    ))
}

fn words(asked: &Asked) -> String {
    let request = asked.request.as_ref();
    let part = |text: Option<&String>| text.map(|text| format!(" {text}")).unwrap_or_default();
    format!(
        "{} → {}:{}{}{}",
        asked.from,
        asked.to,
        asked.port,
        part(request.and_then(|r| r.method.as_ref())),
        part(request.and_then(|r| r.path.as_ref()))
    )
}

/// The ways that differ: a port that is read in two ways has them side by side, most often with the same
/// to say of both.
fn distinct(paths: &[Path]) -> Vec<&Path> {
    let mut ways: Vec<&Path> = Vec::new();
    for path in paths {
        if !ways.iter().any(|known| is_same(known, path)) {
            ways.push(path);
        }
    }
    ways
}

/// Whether there is the same to say of two ways.
fn is_same(a: &Path, b: &Path) -> bool {
    let said = |path: &Path| -> Vec<_> {
        let steps = path.steps.iter();
        steps
            .map(|step| (step.reason(), step.at().clone()))
            .collect()
    };
    (a.verdict, a.transport) == (b.verdict, b.transport) && said(a) == said(b)
}

fn text(
    asked: &Asked,
    world: &World,
    answer: &Answer,
    sources: &Sources,
    io: &mut Io<'_>,
) -> Result<(), Failure> {
    let verdict = match answer.verdict {
        Verdict::Allow => "yes",
        Verdict::Deny => "no",
        Verdict::Conditional => "it depends",
        Verdict::Unknown => "unknown",
    };
    let over = answer
        .transport
        .map(|transport| format!("   over {}", shown(transport)))
        .unwrap_or_default();
    writeln!(io.stdout, "{verdict:5} {}{over}", words(asked))?;
    let ways = distinct(&answer.paths);
    let many = ways.len();
    for (i, path) in ways.into_iter().enumerate() {
        if many > 1 {
            let verdict = path.verdict.name();
            writeln!(io.stdout, "      way {} of {many}: {verdict}", i + 1)?;
        }
        steps(path, world, sources, io)?;
    }
    for path in distinct(&answer.bypass) {
        let verdict = match path.verdict {
            Verdict::Allow => "yes",
            _ => "it depends",
        };
        let over = shown(path.transport);
        writeln!(
            io.stdout,
            "{verdict:5} if it dials the pod itself   over {over}"
        )?;
        steps(path, world, sources, io)?;
    }
    Ok(())
}

fn steps(path: &Path, world: &World, sources: &Sources, io: &mut Io<'_>) -> Result<(), Failure> {
    for step in &path.steps {
        let place = place(world, sources, step)
            .map(|(file, line, _)| format!(", {file}:{line}"))
            .unwrap_or_default();
        writeln!(
            io.stdout,
            "      {:14} {:8} {}{place}",
            step.stage.name(),
            step.outcome.name(),
            step.reason()
        )?;
    }
    Ok(())
}

fn shown(transport: Transport) -> &'static str {
    match transport {
        Transport::Mtls => "mutual TLS",
        Transport::Tls => "TLS without a client identity",
        Transport::Plaintext => "plaintext",
    }
}

fn document(asked: &Asked, world: &World, answer: &Answer, sources: &Sources) -> Value {
    let request = asked.request.as_ref().map(|request| {
        let headers: Vec<Value> =
            request.headers.iter().map(|line| json!({"name": line.name, "value": line.value})).collect();
        json!({
            "method": request.method,
            "path": request.path,
            "host": request.host,
            "headers": headers,
            "jwt": request.tokens.first().map(|token| json!({"issuer": token.issuer, "claims": token.claims})),
        })
    });
    let path = |path: &Path| {
        let steps: Vec<Value> = path
            .steps
            .iter()
            .map(|step| one_step(world, sources, step))
            .collect();
        json!({
            "inlet": path.inlet.name(),
            "transport": path.transport.name(),
            "verdict": path.verdict.name(),
            "steps": steps,
        })
    };
    json!({
        "from": asked.from,
        "to": format!("{}:{}", asked.to, asked.port),
        "request": request,
        "verdict": answer.verdict.name(),
        "transport": answer.transport.map(Transport::name),
        "paths": answer.paths.iter().map(path).collect::<Vec<_>>(),
        "bypass": answer.bypass.iter().map(path).collect::<Vec<_>>(),
    })
}

fn one_step(world: &World, sources: &Sources, step: &Step) -> Value {
    let location = place(world, sources, step)
        .map(|(file, line, column)| json!({"file": file, "line": line, "column": column}));
    json!({
        "stage": step.stage.name(),
        "outcome": step.outcome.name(),
        "because": step.reason(),
        "location": location,
    })
}
