//! A guest that does what it is told, a line of words, by requests and by messages:
//!
//!     config KEY          returns a value of its configuration
//!     secret NAME         returns a secret
//!     note TEXT           adds a line to a table, and returns how many it has
//!     count KEY           adds one to a number, and returns it
//!     ask SUBJECT LINE    has another do it

wit_bindgen::generate!({ world: "desk", path: "wit", generate_all });

use wasi::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};
use wasi::io::streams::StreamError;
use wasmcloud::messaging::{consumer, types::BrokerMessage};
use wasmcloud::postgres::{query::query, types::PgValue};
use wasmcloud::secrets::{reveal, store::SecretValue};

struct Desk;

/// Does one thing and returns what came of it.
fn run(line: &str) -> Result<String, String> {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    match verb {
        "config" => wasi::config::store::get(rest).map(Option::unwrap_or_default).map_err(|e| format!("{e:?}")),
        "secret" => {
            let secret = wasmcloud::secrets::store::get(rest).map_err(|e| format!("{e:?}"))?;
            match reveal::reveal(&secret) {
                SecretValue::String(s) => Ok(s),
                SecretValue::Bytes(b) => Ok(text(b)),
            }
        }
        "note" => note(rest).map_err(|e| e.to_string()),
        "count" => {
            let bucket = wasi::keyvalue::store::open("default").map_err(|e| format!("{e:?}"))?;
            wasi::keyvalue::atomics::increment(&bucket, rest, 1).map(|n| n.to_string()).map_err(|e| format!("{e:?}"))
        }
        "ask" => {
            let (subject, line) = rest.split_once(' ').unwrap_or((rest, ""));
            let answer = text(consumer::request(subject, line.as_bytes(), 5000)?.body);
            match answer.strip_prefix("error: ") {
                Some(e) => Err(e.to_string()),
                None => Ok(answer),
            }
        }
        _ => Err(format!("no verb {verb:?}")),
    }
}

fn note(said: &str) -> Result<String, wasmcloud::postgres::types::QueryError> {
    query("CREATE TABLE IF NOT EXISTS notes (said text)", &[])?;
    query("INSERT INTO notes VALUES ($1)", &[PgValue::Text(said.into())])?;
    let rows = query("SELECT count(*) FROM notes", &[])?;
    match rows[0][0].value {
        PgValue::Int8(n) | PgValue::BigInt(n) => Ok(n.to_string()),
        ref other => Ok(format!("{other:?}")),
    }
}

fn text(b: Vec<u8>) -> String {
    String::from_utf8_lossy(&b).into_owned()
}

impl exports::wasmcloud::messaging::handler::Guest for Desk {
    /// Does what the message says, and answers with what came of it.
    fn handle_message(m: BrokerMessage) -> Result<(), String> {
        let done = run(&text(m.body));
        let Some(subject) = m.reply_to else { return done.map(|_| ()) };
        let body = done.unwrap_or_else(|e| format!("error: {e}")).into_bytes();
        consumer::publish(&BrokerMessage { subject, reply_to: None, body })
    }
}

impl exports::wasi::http::incoming_handler::Guest for Desk {
    /// Does what the body says: 200, or 500 if it cannot.
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let mut line = Vec::new();
        let body = request.consume().unwrap();
        {
            let stream = body.stream().unwrap();
            loop {
                match stream.blocking_read(1 << 16) {
                    Ok(b) => line.extend(b),
                    Err(StreamError::Closed) => break,
                    Err(e) => panic!("{e:?}"),
                }
            }
        }
        let (status, said) = match run(&text(line)) {
            Ok(s) => (200, s),
            Err(s) => (500, s),
        };
        let response = OutgoingResponse::new(Fields::new());
        response.set_status_code(status).unwrap();
        let body = response.body().unwrap();
        ResponseOutparam::set(out, Ok(response));
        {
            let stream = body.write().unwrap();
            for part in said.as_bytes().chunks(4096) {
                stream.blocking_write_and_flush(part).unwrap();
            }
        }
        OutgoingBody::finish(body, None).unwrap();
    }
}

export!(Desk);
