//! `/v1/schedule`: the jobs that the server starts by itself, when they are due next and what became of them; and their starting, on the
//! beat of the upkeep. Not here: when one is due (`crate::schedule`).

use std::sync::Arc;

use axum::Json;
use axum::http::StatusCode;
use domain::Millis;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Manage;
use super::error::ErrorBody;
use super::input::Id;
use super::runs::start_kind;
use crate::clock;
use crate::error::{Kind, Result, ServiceError};
use crate::schedule::{self, Entry, Kept, Scheduled, due, keep, kept};
use crate::serving::ServedShop;
use crate::store::JobRecord;

/// Who a scheduled job is started by.
const BY: &str = "schedule";
/// One at a time changes what is kept of the entries.
static CHANGES: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[derive(Serialize, ToSchema)]
pub struct Schedule {
    items: Vec<Scheduled>,
}

/// The jobs that the server starts by itself, as `tercet.toml` has them.
#[utoipa::path(get, path = "/v1/schedule", tag = "jobs", responses((status = 200, body = Schedule), (status = "4XX", body = ErrorBody)))]
pub async fn get_schedule(Manage(caller): Manage) -> Result<Json<Schedule>> {
    let _changes = CHANGES.lock().await;
    settle(&caller.shop, clock::now()).await?;
    let items = schedule::scheduled(caller.shop.shop.config(), &caller.shop.store, clock::now())?;
    Ok(Json(Schedule { items }))
}

/// Starts a scheduled job now. What waits for it follows when it has ended well.
#[utoipa::path(post, path = "/v1/schedule/{name}/run", tag = "jobs",
    params(("name" = String, Path, min_length = 1, max_length = 40, pattern = "^[A-Za-z0-9_-]+$")),
    responses((status = 202, body = JobRecord), (status = "4XX", body = ErrorBody)))]
pub async fn run_scheduled(Manage(caller): Manage, Id(name): Id) -> Result<(StatusCode, Json<JobRecord>)> {
    let shop = caller.shop;
    let entries = Entry::all(shop.shop.config())?;
    let entry = entries.iter().find(|entry| entry.name == name);
    let entry = entry.ok_or_else(|| ServiceError::not_found("scheduled job", &name))?;
    let _changes = CHANGES.lock().await;
    let now = clock::now();
    let mut own = kept(&shop.store, &entries, now)?.remove(&entry.name).unwrap_or_else(|| Kept::new(now));
    let job = start_kind(shop.clone(), &entry.job, entry.params.clone(), caller.name).await?;
    own.begin(now, now, &job.id);
    keep(&shop.store, &entry.name, &own)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// Takes over how jobs ended.
async fn settle(shop: &Arc<ServedShop>, now: Millis) -> Result<()> {
    let entries = Entry::all(shop.shop.config())?;
    for (name, mut own) in kept(&shop.store, &entries, now)? {
        let Some(id) = own.job.clone().filter(|_| own.is_under_way()) else { continue };
        let job = match shop.jobs.get(&id) {
            Ok(job) => Some(job),
            Err(error) if error.kind == Kind::NotFound => None,
            Err(error) => return Err(error),
        };
        let retries = entries.iter().find(|entry| entry.name == name).map_or(0, |entry| entry.retries);
        own.settle(job.as_ref(), retries, now);
        if !own.is_under_way() {
            keep(&shop.store, &name, &own)?;
        }
    }
    Ok(())
}

/// Starts what is due; how many. One that cannot be started is a failure of it, and holds up no other; where only the queue is full, it is
/// due again at the next beat.
///
/// # Errors
/// If the store cannot be read or written.
pub async fn run_due(shop: &Arc<ServedShop>, now: Millis) -> Result<usize> {
    let entries = Entry::all(shop.shop.config())?;
    if entries.is_empty() {
        return Ok(0);
    }
    let _changes = CHANGES.lock().await;
    settle(shop, now).await?;
    let (mut all, zone) = (kept(&shop.store, &entries, now)?, clock::zone(&shop.shop.config().time_zone));
    let mut n_started = 0;
    for entry in &entries {
        let Some(planned) = due(entry, &all, now, &zone) else { continue };
        let Some(own) = all.get_mut(&entry.name) else { continue };
        match start_kind(shop.clone(), &entry.job, entry.params.clone(), Some(BY.to_owned())).await {
            Ok(job) => {
                own.begin(planned, now, &job.id);
                n_started += 1;
            }
            Err(error) if error.code == "queue" => continue,
            Err(error) => {
                tracing::warn!(shop.id = %shop.id, entry = %entry.name, message = %error.message, "a scheduled job was not started");
                own.refuse(planned, now, entry.retries, &error);
            }
        }
        keep(&shop.store, &entry.name, own)?;
    }
    Ok(n_started)
}
