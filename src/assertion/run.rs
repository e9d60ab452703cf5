//! A test, asked of a world.

use std::net::{IpAddr, Ipv4Addr};

use super::file::Assertion;
use super::find::{find_service, find_workload, service_or_pod_port};
use super::token;
use crate::model::{Client, Outside, Transport, WorkloadId};
use crate::reach::{Answer, Question, Stage, Step, Verdict, World};
use crate::text::Span;

/// The pod's address where a test gives none.
const POD: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 244, 0, 99));

/// The address of someone outside where a test gives none.
const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 10));

/// What a test came to.
#[derive(Debug, Clone)]
pub struct Checked {
    /// Whether everything is as expected.
    pub passed: bool,
    /// What was found.
    pub actual: Actual,
    /// What decided, for a person.
    pub because: String,
    /// The line that decided.
    pub span: Option<Span>,
    /// Every rule that had a say.
    pub rules: Vec<Span>,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Actual {
    /// The verdict.
    pub verdict: Verdict,
    /// The weakest transport among the open ways.
    pub transport: Option<Transport>,
}

/// Asks a test's question and compares the answer.
pub fn check(world: &World, assertion: &Assertion) -> Checked {
    match ask(world, assertion) {
        Ok(answer) => compare(world, assertion, &answer),
        Err(because) => Checked {
            passed: false,
            actual: Actual {
                verdict: Verdict::Unknown,
                transport: None,
            },
            because,
            span: None,
            rules: Vec::new(),
        },
    }
}

fn compare(world: &World, assertion: &Assertion, answer: &Answer) -> Checked {
    let wanted = if assertion.allow {
        Verdict::Allow
    } else {
        Verdict::Deny
    };
    let transport = answer.transport.map(Transport::name);
    let same_transport =
        assertion.transport.is_none() || assertion.transport.as_deref() == transport;
    // the way around is what fails the test, where everything else is as expected
    let around = answer.bypass.first().filter(|_| assertion.no_bypass);
    let as_expected = answer.verdict == wanted && same_transport;
    let deciding = match around.filter(|_| as_expected) {
        Some(path) => path.steps.last(),
        None => answer.deciding(),
    };
    Checked {
        passed: as_expected && around.is_none(),
        actual: Actual {
            verdict: answer.verdict,
            transport: answer.transport,
        },
        because: deciding.map(Step::reason).unwrap_or_default(),
        span: deciding.and_then(|step| world.index.span(step.at())),
        rules: rules(world, answer),
    }
}

/// The rules that had a say in an answer.
fn rules(world: &World, answer: &Answer) -> Vec<Span> {
    let steps = answer.paths.iter().flat_map(|path| &path.steps);
    steps
        .filter(|step| step.stage == Stage::Authorization)
        .filter_map(|step| world.index.span(step.at()))
        .collect()
}

fn ask(world: &World, assertion: &Assertion) -> Result<Answer, String> {
    let to = &assertion.to;
    let from = &assertion.from;
    let callers = match (&from.workload, &from.service) {
        (Some(workload), _) => Some(find_workload(&world.index, workload)?),
        (None, Some(service)) => Some(find_service(&world.index, service)?),
        (None, None) => None,
    };
    let clients: Vec<Client> = match (callers, from.external, from.ip) {
        (Some(callers), _, ip) => callers
            .into_iter()
            .map(|id| Client::Workload(id, Some(ip.unwrap_or(POD))))
            .collect(),
        (None, true, ip) => vec![Client::External(Some(ip.unwrap_or(OUTSIDE)))],
        (None, false, Some(ip)) => vec![Client::Address(ip)],
        (None, false, None) => return Err("the test does not say who calls".to_owned()),
    };
    let request = assertion.request.as_ref();
    let request = request.map(|request| token::vouched_for(request, world));
    let question = |client| Question {
        client,
        destination: to.ip,
        request: request.as_deref(),
        explain: true,
    };
    if to.external {
        let outside = Outside {
            host: to.host.clone(),
            ip: to.ip,
            port: to.port,
        };
        return ask_outside(world, clients, &outside, question);
    }
    let called = match (&to.workload, &to.service) {
        (Some(workload), _) => find_workload(&world.index, workload)?,
        (None, Some(service)) => find_service(&world.index, service)?,
        (None, None) => return Err("the test does not say who is called".to_owned()),
    };
    ask_each(world, &clients, (&called, to.port), question)
}

/// Asks for each client whether it may call something outside the cluster.
fn ask_outside<'q>(
    world: &World,
    clients: Vec<Client>,
    to: &Outside,
    question: impl Fn(Client) -> Question<'q>,
) -> Result<Answer, String> {
    let inside = |client: &Client| matches!(client, Client::Workload(..));
    if !clients.iter().all(inside) {
        return Err("only workloads call something outside the cluster".to_owned());
    }
    let answers = clients
        .into_iter()
        .map(|client| world.answer_outside(&question(client), to));
    Ok(Answer::either(answers.collect()))
}

/// Asks for each client and each workload that is called.
///
/// # Errors
/// A sentence, where the port names nothing, or not one thing.
pub fn ask_each<'q>(
    world: &World,
    clients: &[Client],
    (called, port): (&[WorkloadId], u16),
    question: impl Fn(Client) -> Question<'q>,
) -> Result<Answer, String> {
    let mut answers = Vec::new();
    for &server in called {
        let workload = world.index.workload(server);
        let port = service_or_pod_port(world, workload, port)?;
        let listener = world.listener_port(workload, port, workload.at());
        for &client in clients {
            answers.push(world.answer(&question(client), &listener));
        }
    }
    Ok(Answer::either(answers))
}
