//! The guest of the tests of messages, configuration, logs, secrets and databases.

wit_bindgen::generate!({ world: "talk", path: "wit", generate_all });

use exports::wasi::messaging::incoming_handler;
use wasi::logging::logging::{log, Level};
use wasi::messaging::request_reply::{self, RequestOptions};
use wasi::messaging::types::{Client, Error, Message};
use wasmcloud::postgres::prepared;
use wasmcloud::postgres::types::PgValue;
use wasmcloud::secrets::store::SecretValue;

struct Talk;

fn text(e: Error) -> String {
    format!("{e:?}")
}

impl exports::test::talk::calls::Guest for Talk {
    fn ask(link: String, topic: String, data: String, timeout_ms: u32, replies: u32) -> Result<Vec<String>, String> {
        let client = Client::connect(&link).map_err(text)?;
        let message = Message::new(data.as_bytes());
        message.set_content_type("text/plain");
        message.add_metadata("x-asked-by", "talk");
        let options = RequestOptions::new();
        options.set_timeout_ms(timeout_ms);
        options.set_expected_replies(replies);
        let answers = request_reply::request(&client, &topic, &message, Some(options)).map_err(text)?;
        Ok(answers.iter().map(|m| String::from_utf8_lossy(&m.data()).into_owned()).collect())
    }

    fn send(link: String, topic: String, data: String) -> Result<(), String> {
        let client = Client::connect(&link).map_err(text)?;
        wasi::messaging::producer::send(&client, &topic, Message::new(data.as_bytes())).map_err(text)
    }

    fn config(key: String) -> Vec<Option<String>> {
        vec![wasi::config::store::get(&key).unwrap(), wasi::config::runtime::get(&key).unwrap()]
    }

    fn log(context: String, message: String) {
        log(Level::Warn, &context, &message);
    }

    fn secret(name: String) -> Result<String, String> {
        let secret = wasmcloud::secrets::store::get(&name).map_err(|e| format!("{e:?}"))?;
        match wasmcloud::secrets::reveal::reveal(&secret) {
            SecretValue::String(s) => Ok(s),
            SecretValue::Bytes(b) => Err(format!("{} bytes", b.len())),
        }
    }

    fn exec(sql: String, params: Vec<String>) -> Result<u64, String> {
        let token = prepared::prepare(&sql).map_err(|e| format!("{e:?}"))?;
        let params: Vec<PgValue> = params.into_iter().map(PgValue::Text).collect();
        prepared::exec(&token, &params).map_err(|e| format!("{e:?}"))
    }
}

impl incoming_handler::Guest for Talk {
    /// Answers twice with what came, unless it is told to refuse or to trap.
    fn handle(message: Message) -> Result<(), Error> {
        let data = message.data();
        if data == b"refuse" {
            return Err(Error::PermissionDenied("not this".into()));
        }
        if data == b"trap" {
            panic!("as told");
        }
        log(Level::Info, &message.topic().unwrap_or_default(), &String::from_utf8_lossy(&data));
        for n in 1..=2 {
            let said = format!("{n}: {} {:?} {:?}", String::from_utf8_lossy(&data), message.content_type(), message.metadata());
            request_reply::reply(&message, Message::new(said.as_bytes()))?;
        }
        Ok(())
    }
}

export!(Talk);
