//! Where an AI client's tools ask: a server that runs, or the shop folder itself, for which a server of this process answers on loopback,
//! to whoever has a key that only this process knows.

use std::path::Path;

use serde_json::Value;

use super::Api;
use crate::api::server::Server;
use crate::auth::{Scope, keys};
use crate::clock;
use crate::error::Result;
use crate::remote::Remote;

impl Api for Remote {
    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        self.ask(method, path, body)
    }
}

/// A folder's shop, answering in this process until it is dropped.
pub struct AtHome {
    pub api: Remote,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for AtHome {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Opens a shop beside whoever holds it. `secret`: a key of the shop; without one, a key for reading that ends with the process.
///
/// # Errors
/// If the folder is no shop, or no port of loopback can be had.
pub async fn open(folder: &Path, secret: Option<String>) -> Result<AtHome> {
    let (made, record) = keys::generate("mcp", &[Scope::Serve, Scope::Manage], clock::now().0)?;
    let (server, routes) = Server::beside(folder, record).await?;
    let address = server.local_addr()?;
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(server, routes).await {
            tracing::error!(message = %error, "the shop does not answer any more");
        }
    });
    let api = Remote::new(&format!("http://{address}"), &secret.unwrap_or(made.secret))?;
    Ok(AtHome { api, task })
}
