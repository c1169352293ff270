//! The running server: opening shops, listening, counting every request, moving events into tables, stopping gently.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;

use super::{App, router, session};
use crate::auth::keys::KeyRecord;
use crate::auth::limits::Limits;
use crate::auth::password;
use crate::auth::sessions::Sessions;
use crate::error::{Kind, Result, ServiceError};
use crate::flows::audience;
use crate::metrics::Metrics;
use crate::serving::{ServedShop, Shops};
use crate::{background, clock, random};

/// How to serve.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// A shop folder, or a folder of shop folders.
    pub folder: PathBuf,
    pub listen: SocketAddr,
    /// Requests a second of one key.
    pub requests_per_second: f64,
    /// Events and changed rows move into the tables this often.
    pub flush_every: Duration,
    /// Longest wait for an answer that a platform takes in the response to its call; WeChat gives up after five seconds.
    pub callback_patience: Duration,
}

impl ServeOptions {
    pub fn new(folder: &Path, listen: SocketAddr) -> Self {
        ServeOptions {
            folder: folder.to_owned(),
            listen,
            requests_per_second: 20_000.0,
            flush_every: Duration::from_secs(60),
            callback_patience: Duration::from_secs(4),
        }
    }
}

/// What the first start has to tell: shop and the password generated for its console.
pub type FirstPasswords = Vec<(String, String)>;

/// A server that listens and is ready to run.
pub struct Server {
    app: Arc<App>,
    listener: TcpListener,
    flush_every: Duration,
    pub address: SocketAddr,
    pub first_passwords: FirstPasswords,
}

/// Longest time a request may take; a query over a large shop needs seconds, not minutes.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// The same of plans: they are worked out while nobody else needs the processor, which may not be for a while.
const PLAN_TIMEOUT: Duration = Duration::from_secs(300);
/// How the addresses of plans begin.
const PLANS: [&str; 2] = ["/v1/plan/", "/v1/campaigns/"];
/// Where files are sent, which may take as long as it does; they end when nothing comes any more.
const TAKES_FILES: [&str; 2] = ["/v1/import/{table}", "/v1/knowledge"];

impl Server {
    /// Opens the shops and the port.
    pub async fn bind(options: &ServeOptions) -> Result<Server> {
        let metrics = Arc::new(Metrics::default());
        let shops = Shops::open(&options.folder, &metrics).await?;
        let first_passwords = secure(&shops, options.listen)?;
        let listener = TcpListener::bind(options.listen).await.map_err(|error| {
            ServiceError::new(Kind::Failed, "listen", format!("cannot listen on {}: {error}", options.listen))
                .help("another program may use the port; choose one with --listen 127.0.0.1:PORT")
        })?;
        let address = listener.local_addr()?;
        let app = App {
            shops,
            sessions: Sessions::default(),
            // Ten attempts at once, then one every six seconds.
            login_limits: Limits::new(10.0, 1.0 / 6.0),
            request_limits: Limits::new(options.requests_per_second, options.requests_per_second),
            metrics,
            started_at: clock::now().0,
            callback_patience: options.callback_patience,
        };
        Ok(Server { app: Arc::new(app), listener, flush_every: options.flush_every, address, first_passwords })
    }

    /// The routes of one shop beside whoever holds it, and a port of loopback for them: for one process that asks with `key`. No upkeep runs.
    pub(crate) async fn beside(
        folder: &Path,
        key: KeyRecord,
    ) -> Result<(TcpListener, axum::routing::IntoMakeService<axum::Router>)> {
        let metrics = Arc::new(Metrics::default());
        let options = ServeOptions::new(folder, SocketAddr::from(([127, 0, 0, 1], 0)));
        let app = App {
            shops: Shops::beside(folder, &metrics, key).await?,
            sessions: Sessions::default(),
            login_limits: Limits::new(10.0, 1.0 / 6.0),
            request_limits: Limits::new(options.requests_per_second, options.requests_per_second),
            metrics,
            started_at: clock::now().0,
            callback_patience: options.callback_patience,
        };
        let listener = TcpListener::bind(options.listen).await?;
        Ok((listener, router(Arc::new(app)).into_make_service()))
    }

    /// Serves until `stop` is done, then answers what is under way, moves events into tables and waits for the disk.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let upkeep = background::spawn(upkeep(self.app.clone(), self.flush_every));
        let service = background::spawn(start_service(self.app.clone()));
        let channels: Vec<_> = self.app.shops.iter().flat_map(crate::channels::start).collect();
        let sendings: Vec<_> = self.app.shops.iter().map(crate::sendings::start).collect();
        tracing::info!(address = %self.address, "listening");
        let app = self.app.clone();
        let stop = async move {
            stop.await;
            // Open streams would keep the server for ever.
            app.shops.iter().for_each(|shop| shop.conversations.hub.close());
        };
        // Made once for all connections: a router served as it is makes every route anew for each, a quarter of a megabyte.
        let routes = router(self.app.clone()).into_make_service();
        axum::serve(self.listener, routes).with_graceful_shutdown(stop).await?;
        upkeep.abort();
        service.abort();
        channels.iter().chain(&sendings).for_each(|task| task.abort());
        for shop in self.app.shops.iter() {
            if let Err(error) = shop.flush().await {
                tracing::error!(message = %error.message, "the last events stay in the log until the next start");
            }
            let store = shop.store.clone();
            crate::serving::off_thread(move || store.settle()).await?;
        }
        tracing::info!("stopped");
        Ok(())
    }
}

/// Refuses to be reachable by others without a password or key; on this machine alone it makes a password.
fn secure(shops: &Shops, listen: SocketAddr) -> Result<FirstPasswords> {
    let mut made = Vec::new();
    for shop in shops.iter() {
        let open = shop.store.setting(session::PASSWORD)?.is_none();
        if open && !listen.ip().is_loopback() && shop.store.keys()?.is_empty() {
            let message =
                format!("shop '{}' has neither password nor key, and {listen} is reachable by others", shop.id);
            return Err(ServiceError::conflict("open_door", message)
                .help("tercet password sets one, tercet keys create makes a key; or listen on 127.0.0.1"));
        }
        if open && listen.ip().is_loopback() {
            let password = random::password()?;
            set_password(&shop.store, &password)?;
            made.push((shop.id.clone(), password));
        }
    }
    Ok(made)
}

/// Stores the console's password.
pub fn set_password(store: &crate::store::Store, text: &str) -> Result<()> {
    store.set_setting(session::PASSWORD, &password::hash(text)?)
}

/// Makes customer service ready before somebody asks, and answers what a stop or a crash left unanswered.
async fn start_service(app: Arc<App>) {
    for shop in app.shops.iter() {
        let begun = async {
            shop.assistant().await.map(drop)?;
            shop.resume_conversations().await
        };
        match begun.await {
            Ok(0) => {}
            Ok(n) => tracing::info!(shop.id = %shop.id, n, "conversations taken up again"),
            Err(error) => {
                tracing::error!(shop.id = %shop.id, message = %error.message, "customer service is not ready")
            }
        }
    }
}

/// Now and then: log to tables, and whatever another process did (a model trained by the command line) into service.
async fn upkeep(app: Arc<App>, every: Duration) {
    let mut beat = tokio::time::interval(every);
    beat.tick().await;
    loop {
        beat.tick().await;
        if let Err(error) = app.shops.reload_keys() {
            tracing::warn!(message = %error.message, "keys could not be read; those known stay");
        }
        for shop in app.shops.iter() {
            if let Err(error) = upkeep_of(shop).await {
                tracing::warn!(shop.id = %shop.id, message = %error.message, "upkeep did not finish; it is tried again");
            }
        }
    }
}

async fn upkeep_of(shop: &Arc<ServedShop>) -> Result<()> {
    shop.flush().await?;
    if shop.is_behind() || shop.is_base_old()? {
        shop.reload().await?;
    }
    if shop.is_keeping_due().await? {
        // A job of its own, since it takes long; one that is under way already is not started twice.
        super::runs::start_predict(shop, serde_json::json!({}))?;
    }
    shop.close_idle().await?;
    let n_forgotten = shop.forget_old_conversations().await?;
    if n_forgotten > 0 {
        tracing::info!(shop.id = %shop.id, n_forgotten, "forgot conversations that ended long ago");
    }
    shop.move_trials().await?;
    let own = shop.clone();
    crate::serving::off_thread(move || crate::channels::outbox::forget_old(&own, clock::now().0)).await?;
    let alone = shop.maintenance.lock().await;
    audience::refresh_due(shop.home(), clock::now().0).await?;
    drop(alone);
    super::schedule::run_due(shop, clock::now()).await?;
    // Last: where customer service cannot be made ready, nothing else waits for it.
    if let Some(found) = shop.find_notices_when_due().await? {
        tracing::info!(shop.id = %shop.id, n_found = found.n_found, n_new = found.n_new, "looked for what to tell customers");
    }
    Ok(())
}

const SECURITY: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        // A poster is shown as a picture that the console made.
        "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
];

/// Around every request: a time limit, counting, security headers. Logs carry the route's template, never an id.
pub async fn observe(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("other", |path| path.as_str()).to_owned();
    let answering = next.run(request);
    let is_plan = PLANS.iter().any(|plans| route.starts_with(plans));
    let answered = match TAKES_FILES.contains(&route.as_str()) && method == Method::POST {
        true => Ok(answering.await),
        false => tokio::time::timeout(if is_plan { PLAN_TIMEOUT } else { REQUEST_TIMEOUT }, answering).await,
    };
    let mut response = match answered {
        Ok(response) => response,
        Err(_) => ServiceError::new(Kind::Unavailable, "timeout", "the request took too long").into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in SECURITY {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    let method = if route == "other" { "any" } else { method.as_str() };
    app.metrics.request(method, &route, response.status().as_u16(), us, clock::now().0);
    tracing::debug!(http.method = method, http.route = %route, http.status = response.status().as_u16(), duration_us = us, "answered");
    response
}
